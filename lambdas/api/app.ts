/** The town's API: one app, the same behind API Gateway and on a laptop's loopback. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { refuse, type TownError } from '../../core/errors.ts';
import { beadRoutes } from './beads.ts';
import { homeOnly, json, known, small } from './border.ts';
import { convoyRoutes } from './convoys.ts';
import { costRoutes } from './costs.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import type { Api, ApiEnv } from './endpoint.ts';
import { escalationRoutes } from './escalations.ts';
import { intentRoutes } from './intents.ts';
import { protocolRoutes } from './polecat-protocol.ts';
import { polecatRoutes } from './polecats.ts';
import { asTownError, bugError, invalidInput, problemResponse } from './problem.ts';
import { queueRoutes } from './queues.ts';
import { rigRoutes } from './rigs.ts';
import { townRoutes } from './town.ts';
import { webhookRoutes } from './webhooks.ts';

export function makeApp(deps: ApiDeps, options: ApiOptions): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.target, result.error);
    },
  });
  api.use(homeOnly(options), known(options), small(options), json);

  intentRoutes(api, deps);
  convoyRoutes(api, deps);
  beadRoutes(api, deps);
  rigRoutes(api, deps, options);
  queueRoutes(api, deps);
  polecatRoutes(api, deps);
  escalationRoutes(api, deps);
  townRoutes(api, deps, options);
  costRoutes(api, deps);
  protocolRoutes(api, deps, options);
  webhookRoutes(api, deps, options);
  document(api);

  api.notFound((context) => {
    const allowed = methodsFor(api, context.req.path);
    const response = problemResponse(
      allowed.length > 0 ? wrongMethod(context.req.method, allowed) : noRoute(context.req.path),
    );
    if (allowed.length > 0) response.headers.set('allow', allowed.join(', '));
    return response;
  });
  api.onError((error) => {
    const known = asTownError(error);
    if (!known) options.onBug(error);
    return problemResponse(known ?? bugError());
  });
  return api;
}

function document(api: Api): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description:
      'On a laptop: the token in the state directory. On AWS: a token of the configured issuer; without one, SigV4 (IAM) instead.',
  });
  const description = {
    openapi: '3.1.0',
    info: {
      title: 'Gas Town, serverless',
      version: '1',
      description: 'An intent in, merged commits out. Every refusal is a problem document (RFC 9457).',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
  };
  // Not `doc31`, which answers 500 with an empty body when a schema cannot be described.
  api.get('/openapi.json', (context) => context.json(api.getOpenAPI31Document(description)));
}

/** Which methods the path has, if it has any: the router itself only knows that this one it has not. */
function methodsFor(api: Api, path: string): string[] {
  const parts = path.split('/');
  const matches = (pattern: string) => {
    const wanted = pattern.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((part, i) => (part.startsWith(':') && parts[i] !== '') || part === parts[i])
    );
  };
  const routes = api.routes.filter((route) => route.method !== 'ALL' && matches(route.path));
  return [...new Set(routes.map((route) => route.method))].sort();
}

const wrongMethod = (method: string, allowed: readonly string[]): TownError =>
  refuse(405, 'METHOD_NOT_ALLOWED', `This path does not take ${method}.`, `It takes ${allowed.join(', ')}.`);

const noRoute = (path: string): TownError =>
  refuse(404, 'ROUTE_UNKNOWN', `There is nothing at ${path.slice(0, 200)}.`, 'GET /openapi.json lists every route.');
