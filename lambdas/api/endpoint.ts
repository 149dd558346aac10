/** One endpoint of the API: its schemas say what it takes and gives, and are its documentation and its validation. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { problemSchema, problemType } from './problem.ts';

/** Who is calling: a person's name, or the role that AWS authenticated. */
export interface Caller {
  readonly name: string;
}

export interface ApiEnv {
  Variables: { caller: Caller };
  Bindings: Record<string, unknown>;
}
export type Api = OpenAPIHono<ApiEnv>;

interface EndpointSpec<P, Q, B, A> {
  readonly method: 'get' | 'post' | 'put' | 'patch';
  readonly path: string;
  /** The operation's name in the document. */
  readonly name: string;
  readonly about: string;
  readonly tag: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Shape of a body whose bytes the route must see before anything reads them: documented, not parsed. */
  readonly signedBody?: object;
  readonly headers?: z.ZodObject;
  readonly answer: A;
  /** Statuses it may answer with when all is well, beside 200. */
  readonly alsoAnswers?: readonly (200 | 201 | 202)[];
}

export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: string;
  readonly context: Context<ApiEnv>;
}

const none = z.strictObject({});
type None = typeof none;
const json = <S extends z.ZodType>(schema: S) => ({ content: { 'application/json': { schema } } });

export function endpoint<
  A extends z.ZodType,
  P extends z.ZodObject = None,
  Q extends z.ZodObject = None,
  B extends z.ZodType = z.ZodUndefined,
>(
  api: Api,
  spec: EndpointSpec<P, Q, B, A>,
  handle: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<z.input<A>>,
): void {
  const route = createRoute({
    method: spec.method,
    path: spec.path,
    operationId: spec.name,
    summary: spec.about,
    tags: [spec.tag],
    ...(spec.signedBody ? { security: [] } : {}),
    request: {
      params: spec.params ?? none,
      query: spec.query ?? none,
      ...(spec.headers ? { headers: spec.headers } : {}),
      ...(spec.body ? { body: { ...json(spec.body), required: true } } : {}),
      ...(spec.signedBody
        ? { body: { content: { 'application/json': { schema: spec.signedBody } }, required: true } }
        : {}),
    },
    responses: {
      ...Object.fromEntries(
        [200, ...(spec.alsoAnswers ?? [])].map((n) => [n, { description: spec.about, ...json(spec.answer) }]),
      ),
      default: { description: 'A problem document', content: { [problemType]: { schema: problemSchema } } },
    },
  });
  const handler = async (context: Context<ApiEnv>): Promise<Response> => {
    const valid = (target: string) => context.req.valid(target as never) as unknown;
    const value = await handle({
      params: valid('param') as z.output<P>,
      query: valid('query') as z.output<Q>,
      body: (spec.body ? valid('json') : undefined) as z.output<B>,
      caller: context.get('caller')?.name ?? 'nobody',
      context,
    });
    return context.json(value as object);
  };
  // The wrapper's own types say what hono would compute from the route, at a fraction of the compiler's time.
  api.openapi(route, handler as never);
}
