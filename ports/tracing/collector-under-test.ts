import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A span as it arrived, of OTLP's JSON. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly parentIsRemote: boolean;
  readonly traceState: string | null;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failure: string | null;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Of the requests that brought them. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  /** What it answers from now on; 200 from the beginning. */
  answer(status: number): void;
  /** How many requests it has answered otherwise. */
  refused(): number;
  close(): Promise<void>;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const ERROR = 2;
/** Bits of OTLP's flags: that it is known whether the parent is remote, and that it is. */
const IS_REMOTE_KNOWN = 0x100;
const IS_REMOTE = 0x200;

/** Whoever collects spans: an OpenTelemetry collector, as far as services see it. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const headers: Record<string, unknown>[] = [];
  let status = 200;
  let refused = 0;
  const server = createServer((request, response) => {
    json(request).then(
      (body) => {
        if (status === 200 && request.method === 'POST' && request.url === '/v1/traces') {
          headers.push({ ...request.headers });
          spans.push(...read(body as Export));
        } else refused += 1;
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    answer(next) {
      status = next;
    },
    refused: () => refused,
    close: () =>
      new Promise((settle) => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

interface Pair {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly flags?: number;
        readonly traceState?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly Pair[];
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
        readonly status?: { readonly code?: number; readonly message?: string };
      }[];
    }[];
  }[];
}

function read({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span): CollectedSpan => {
        const flags = span.flags ?? 0;
        return {
          name: span.name,
          kind: KINDS[span.kind] ?? String(span.kind),
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? null,
          parentIsRemote: (flags & IS_REMOTE_KNOWN) !== 0 && (flags & IS_REMOTE) !== 0,
          traceState: span.traceState ?? null,
          durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
          attributes: asObject(span.attributes ?? []),
          links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
          failure: span.status?.code === ERROR ? (span.status.message ?? '') : null,
          resource: asObject(resource.attributes),
        };
      }),
    ),
  );
}

function asObject(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}
