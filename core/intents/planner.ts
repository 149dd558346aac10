import { parseChecklist } from './checklist.ts';

/** Who plans a text. A checklist says itself what its beads are: no model is asked, whether or not there is one. */
export const plannerOf = (text: string, hasModel: boolean): 'checklist' | 'model' =>
  hasModel && !parseChecklist(text).hasTasks ? 'model' : 'checklist';
