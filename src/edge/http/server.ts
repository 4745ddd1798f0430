/** The HTTP server: Express in front of one answerer, and the limits that keep slow or broken clients from holding it. */
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import express from 'express';
import type { Operation, World } from '../../core/operation/operation.ts';
import type { BodyLimits } from './body.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { type Answerer, createAnswerer } from './dispatch.ts';
import { createPages, type PageOptions } from './pages.ts';

export interface HttpLimits extends BodyLimits {
  /** Time for the head of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
}

export interface HttpOptions extends PageOptions {
  readonly world: World;
  /** What can be asked for under `/ngsi-ld/v1`. */
  readonly operations: readonly Operation[];
  readonly limits: HttpLimits;
  /** The origin of web pages that may use the API, or `*`; empty: none. */
  readonly corsOrigin: string;
  /** Takes a connection that asks for another protocol. */
  onUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Longest head of a request in bytes: a query may name many ids. */
const headBytesMax = 32 * 1024;

/** A server that is ready to listen. */
export function createHttpServer(options: HttpOptions): Server {
  const { world, limits, onUpgrade } = options;
  const answer = createAnswerer({ ...options, pages: createPages(options) });
  const server = createExpressServer(answer, {
    maxHeaderSize: headBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs, 5000),
  });
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket, world.observe));
  if (onUpgrade) server.on('upgrade', onUpgrade);
  return server;
}
