import { type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';

export type { Logger } from 'pino';

/** JSON lines on standard error, which leaves standard output to data. Synchronous, so that the last line before an end is there. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}
