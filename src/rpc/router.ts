import { invalidParams, methodNotFound } from '../protocol/errorCodes';
import type { HandlersOf, RequestTable, MethodOf, RequestSpec } from '../protocol/methods';
import { describeParamsError } from '../protocol/paramErrors';

/** A request that may run: what it is, and the call that takes effect when made. */
export interface RoutedRequest {
  readonly spec: RequestSpec;
  /** @returns an `Answer`, or a promise of one. */
  call(): unknown;
}

/** Refuses a request that is well formed but not allowed now, by throwing. */
export type Gate<Context> = (spec: RequestSpec, context: Context) => void;

type AnyHandler<Context> = (params: unknown, context: Context) => unknown;

/** Finds the handler of a request, parses its parameters once and passes the gate, in that order. */
export class Router<T extends RequestTable, Context> {
  private readonly routes: ReadonlyMap<string, { spec: RequestSpec; handler: AnyHandler<Context> }>;

  constructor(
    table: T,
    handlers: HandlersOf<T, Context>,
    private readonly gate: Gate<Context>,
  ) {
    this.routes = new Map(
      Object.entries<RequestSpec>(table).map(([method, spec]) => [
        method,
        // Sound because the handler gets exactly what the schema of the same row has parsed.
        { spec, handler: handlers[method as MethodOf<T>] as AnyHandler<Context> },
      ]),
    );
  }

  /** @throws RpcError −32601, −32602 or the gate's refusal. */
  route(method: string, params: unknown, context: Context): RoutedRequest {
    const route = this.routes.get(method);
    if (route === undefined) throw methodNotFound(method);
    const parsed = route.spec.params.safeParse(params);
    if (!parsed.success) throw invalidParams(whyRefused(route.spec, params));
    this.gate(route.spec, context);
    return { spec: route.spec, call: () => route.handler(parsed.data, context) };
  }
}

/**
 * Parses again what was refused, this time with what came in the report. To ask for that each time would
 * take a microsecond of every request, most of what parsing takes.
 */
function whyRefused({ params: schema }: RequestSpec, params: unknown): string {
  const { error } = schema.safeParse(params, { reportInput: true });
  return error === undefined ? 'invalid params' : describeParamsError(error);
}
