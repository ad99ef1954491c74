import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { Violations } from './violations.ts';

/** Always: no core throws. Its asserts are part of what is checked. */
export class SoundCore implements Observer {
  readonly name = 'sound-core';
  private readonly violations: Violations;

  constructor(violations: Violations) {
    this.violations = violations;
  }

  onThrow(host: Host, error: unknown): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.violations.add(this.name, 'always', what, [host]);
  }
}
