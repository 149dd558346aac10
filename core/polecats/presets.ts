/** How each known agent is started: without a terminal, without questions, with the prompt on its standard input. */
import type { PresetName } from './runtime.ts';

export interface Preset {
  /** `{settings}`: what makes Claude Code ask for nudges. */
  readonly argv: readonly string[];
  /** The option that takes a model, as the last but one argument. */
  readonly modelOption: string;
  readonly env: Readonly<Record<string, string>>;
  /** `hard`: it asks its model through the harness's proxy, which refuses the call that would pass the budget. */
  readonly budget: 'hard' | 'soft';
  /** Variables of the harness's that it is given: an agent which cannot use the proxy needs a key of its own. */
  readonly keys: readonly string[];
  /** The npm package that its program comes from. */
  readonly from: string;
  /** Of that package, which was tried: containers/polecat/package.json pins the same. */
  readonly version: string;
}

/** opencode takes its endpoint from its configuration alone, whose `{env:…}` it fills in itself. */
const opencodeConfig = {
  autoupdate: false,
  share: 'disabled',
  provider: { anthropic: { options: { baseURL: '{env:ANTHROPIC_BASE_URL}/v1', apiKey: '{env:ANTHROPIC_API_KEY}' } } },
};

export const presets: Readonly<Record<PresetName, Preset>> = {
  claude: {
    // What it does is printed as it does it: output is what tells the Witness that it is not idle.
    argv: [
      ...['claude', '-p', '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions'],
      ...['--settings', '{settings}'],
    ],
    modelOption: '--model',
    // It refuses to skip permissions as root, which a laptop in a container may be, unless it is told of a sandbox.
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', IS_SANDBOX: '1' },
    budget: 'hard',
    keys: [],
    from: '@anthropic-ai/claude-code',
    version: '2.1.197',
  },
  codex: {
    argv: ['codex', 'exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
    modelOption: '--model',
    env: {},
    budget: 'soft',
    keys: ['CODEX_API_KEY'],
    from: '@openai/codex',
    version: '0.169.0',
  },
  gemini: {
    argv: ['gemini', '--approval-mode=yolo', '--skip-trust'],
    modelOption: '--model',
    env: { GEMINI_CLI_NO_RELAUNCH: 'true' },
    budget: 'soft',
    keys: ['GEMINI_API_KEY'],
    from: '@google/gemini-cli',
    version: '0.61.0',
  },
  opencode: {
    // It would ask a model for a title.
    argv: ['opencode', 'run', '--auto', '--title', 'bead'],
    modelOption: '--model',
    env: { OPENCODE_CONFIG_CONTENT: JSON.stringify(opencodeConfig), OPENCODE_DISABLE_AUTOUPDATE: '1' },
    budget: 'hard',
    keys: [],
    from: 'opencode-ai',
    version: '1.18.33',
  },
};
