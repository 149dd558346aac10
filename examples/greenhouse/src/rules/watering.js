/** Water when the soil is dry, until it is moist; never in the bright sun, which scalds wet leaves. */
const dryPct = 35;
const moistPct = 55;
const brightLight = 0.6;

export const watering = {
  name: 'watering',
  decide({ reading, history }) {
    if (reading.light > brightLight) return { sprinkler: 0 };
    const rising = history.length > 1 && reading.soilPct > history.at(-2).soilPct;
    const until = rising ? moistPct : dryPct;
    return { sprinkler: reading.soilPct < until ? 1 : 0 };
  },
};
