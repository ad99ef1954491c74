import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';
import { stepText } from './step-text.ts';

const second = 1000;

/** Keeps the last steps of some nodes up to a moment of the run, for reading: what each was told, and what it asked for. */
export class StepRecorder {
  private readonly hosts: ReadonlySet<number>;
  private readonly untilMs: number;
  private readonly perHostMax: number;
  private readonly steps = new Map<number, string[]>();

  /** `hosts`: by their numbers. Steps later than `untilMs` of virtual time are not kept. */
  constructor(hosts: readonly number[], untilMs: number, perHostMax: number) {
    this.hosts = new Set(hosts);
    this.untilMs = untilMs;
    this.perHostMax = perHostMax;
  }

  /** To be called before anything happens in the world. */
  attach(world: World): void {
    world.onHostStarted = (host) => {
      if (!this.hosts.has(host.index)) return;
      this.keep(host, `${at(world)}  #${host.index}  starts with incarnation ${host.contact.incarnation}`);
      host.recorder = (_now, input, outputs) => {
        if (world.now <= this.untilMs) this.keep(host, stepText(`${at(world)}  #${host.index}`, input, outputs));
      };
    };
  }

  /** The steps of each node, oldest first. */
  text(): string {
    return [...this.steps.values()].map((steps) => steps.join('\n')).join('\n\n');
  }

  private keep(host: Host, step: string): void {
    const known = this.steps.get(host.index) ?? [];
    known.push(step);
    if (known.length > this.perHostMax) known.shift();
    this.steps.set(host.index, known);
  }
}

function at({ now }: World): string {
  return `${(now / second).toFixed(3)} s`;
}
