/**
 * The model by Bedrock's Converse. The `content` of a message is what Anthropic's Messages API has there: a string, or
 * blocks of `text`, `tool_use` and `tool_result`; Converse spells the same blocks in its own way.
 */
import {
  type BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  type StopReason,
  type ToolUseBlock,
} from '@aws-sdk/client-bedrock-runtime';
import * as z from 'zod';
import { mostUsdOf, usdOf } from '../core/costs/model-usage.ts';
import { AnswerLost, ModelDenied, Unavailable } from '../core/errors.ts';
import type { Json, Model, ModelReply, ModelRequest } from '../core/ports.ts';
import { isClientFault, isUnavailable, mayHaveHappened, messageOf, nameOf } from './errors.ts';

export interface ModelConfig {
  /** Model or inference profile. */
  readonly modelId: string;
}

type Document = NonNullable<ToolUseBlock['input']>;

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
const toolUseBlock = z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.json() });
const toolResultBlock = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(textBlock)]).default(''),
  is_error: z.boolean().default(false),
});
const contentSchema = z.union([
  z.string().transform((text) => [{ type: 'text' as const, text }]),
  z.array(z.discriminatedUnion('type', [textBlock, toolUseBlock, toolResultBlock])),
]);
type Block = z.infer<typeof contentSchema>[number];

function converseBlockOf(block: Block): ContentBlock {
  if (block.type === 'text') return { text: block.text };
  if (block.type === 'tool_use') return { toolUse: { toolUseId: block.id, name: block.name, input: block.input } };
  const content =
    typeof block.content === 'string' ? [{ text: block.content }] : block.content.map(({ text }) => ({ text }));
  const status = block.is_error ? 'error' : 'success';
  return { toolResult: { toolUseId: block.tool_use_id, content, status } };
}

/** Blocks that the town does not ask for (thinking, citations) are left out. */
function blocksOf(block: ContentBlock): Json[] {
  if (block.text !== undefined) return [{ type: 'text', text: block.text }];
  if (!block.toolUse) return [];
  const { toolUseId = '', name = '', input = {} } = block.toolUse;
  return [{ type: 'tool_use', id: toolUseId, name, input: input as Json }];
}

/** An answer that came to an end by any other reason is an answer all the same, and was paid for: asked again it may be so for ever. */
const stops: Readonly<Record<StopReason, ModelReply['stop']>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  tool_use: 'tool',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'refusal',
  content_filtered: 'refusal',
  malformed_model_output: 'end',
  malformed_tool_use: 'end',
};

function inputOf({ modelId }: ModelConfig, { system, messages, tools, maxTokens }: ModelRequest): ConverseCommandInput {
  const specs = tools.map(({ name, description, schema }) => ({
    toolSpec: { name, description, inputSchema: { json: schema as Document } },
  }));
  return {
    modelId,
    ...(system === '' ? {} : { system: [{ text: system }] }),
    messages: messages.map(({ role, content }) => ({
      role,
      content: contentSchema.parse(content).map(converseBlockOf),
    })),
    inferenceConfig: { maxTokens },
    ...(specs.length === 0 ? {} : { toolConfig: { tools: specs } }),
  };
}

export const makeModel = (client: BedrockRuntimeClient, config: ModelConfig): Model => ({
  mostUsd: (request) => mostUsdOf(config.modelId, request),

  async complete(request) {
    const what = `complete with ${config.modelId}`;
    const sent = client.send(new ConverseCommand(inputOf(config, request)));
    const { output, stopReason, usage } = await sent.catch((error: unknown) => {
      const name = nameOf(error);
      // Much of the answer may have been written.
      if (name === 'ModelTimeoutException' || mayHaveHappened(error))
        throw new AnswerLost(`${what}: ${name}`, { cause: error });
      if (name === 'ModelNotReadyException' || isUnavailable(error))
        throw new Unavailable(`${what}: ${name}: ${messageOf(error)}`, { cause: error });
      throw isClientFault(error) ? new ModelDenied(`${what}: ${name}: ${messageOf(error)}`, { cause: error }) : error;
    });
    if (!stopReason) throw new AnswerLost(`${what}: stopped by nothing`);
    if (usage?.inputTokens === undefined || usage.outputTokens === undefined)
      throw new AnswerLost(`${what}: an answer without its usage`);
    const { inputTokens, outputTokens, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage;
    return {
      content: (output?.message?.content ?? []).flatMap(blocksOf),
      stop: stops[stopReason] ?? 'end',
      ...{ inputTokens, outputTokens },
      costUsd: usdOf(config.modelId, {
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        cache_read_input_tokens: cacheReadInputTokens,
        cache_creation_input_tokens: cacheWriteInputTokens,
      }),
    };
  },
});
