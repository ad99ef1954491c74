import type { CoreInput, CoreOutput } from '@dht/storage';
import type { Host } from './host.ts';
import type { World } from './world.ts';

const second = 1000;
/** Characters of one line at most. */
const lineMax = 200;

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
        if (world.now <= this.untilMs) this.keep(host, stepText(at(world), host, input, outputs));
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

function stepText(time: string, host: Host, input: CoreInput, outputs: readonly CoreOutput[]): string {
  return [cut(`${time}  #${host.index}  ${inputText(input)}`), ...outputs.map((output) => cut(`    ${outputText(output)}`))].join('\n');
}

function inputText(input: CoreInput): string {
  return input.type === 'message' ? `← ${input.from.id}  ${briefly(input.message)}` : briefly(input);
}

function outputText(output: CoreOutput): string {
  if (output.type === 'send') return `→ ${output.to.id}  ${briefly(output.message)}`;
  return output.type === 'event' ? `event ${briefly(output.event)}` : briefly(output);
}

/** The type, then the rest as JSON with ids and contacts cut down to what people compare. */
function briefly({ type, ...rest }: { readonly type: string }): string {
  const fields = JSON.stringify(rest, (_key, value: unknown) => shortened(value));
  return fields === '{}' ? type : `${type} ${fields}`;
}

function shortened(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 8);
  if (typeof value !== 'object' || value === null || !('id' in value && 'addressSeq' in value && 'incarnation' in value)) return value;
  return `${String(value.id)}/${String(value.incarnation)}`;
}

function cut(text: string): string {
  return text.length <= lineMax ? text : `${text.slice(0, lineMax)}…`;
}
