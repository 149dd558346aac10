/** Dollars have nine places here: less than the price of any token, more than a sum of a day needs. */
const places = 1e9;

export const roundedUsd = (usd: number): number => Math.round(usd * places) / places;

export const sumUsd = (amounts: readonly number[]): number => roundedUsd(amounts.reduce((sum, usd) => sum + usd, 0));
