import type { ComponentLogger, Logger } from '@libp2p/interface';

/** libp2p writes a trace line for every frame; a logger that does nothing spares it the formatting and one logger per stream. */
export const silentLogger: ComponentLogger = { forComponent: () => logger };

const logger: Logger = Object.assign((): void => undefined, {
  enabled: false,
  error: (): void => undefined,
  trace: (): void => undefined,
  newScope: (): Logger => logger,
});
