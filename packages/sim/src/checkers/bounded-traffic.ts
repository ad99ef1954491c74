import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { Violations } from './violations.ts';

/** Always: no node floods the others; two that answer each other without end would. */
export class BoundedTraffic implements Observer {
  readonly name = 'bounded-traffic';
  private readonly violations: Violations;

  constructor(violations: Violations) {
    this.violations = violations;
  }

  onFlood(host: Host, messages: number): void {
    this.violations.add(this.name, 'always', `sent ${messages} messages within a second`, [host]);
  }
}
