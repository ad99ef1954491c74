import { disturbsMessages } from '../injection/faults.ts';
import { lookPeriodMs } from '../measuring/looking.ts';
import type { Cluster } from '../world/cluster.ts';
import type { World } from '../world/world.ts';
import { BoundedTables } from './bounded-tables.ts';
import { BoundedTraffic } from './bounded-traffic.ts';
import type { Problem, StateChecker } from './checker.ts';
import { DurableAcknowledgement } from './durable-acknowledgement.ts';
import { ExactLeafSets } from './exact-leaf-sets.ts';
import { GrantedActivation } from './granted-activation.ts';
import { HandleDiscipline } from './handle-discipline.ts';
import { ItemLedger } from './item-ledger.ts';
import { OneRing } from './one-ring.ts';
import { OneRoot } from './one-root.ts';
import { ReadableEverywhere } from './readable-everywhere.ts';
import { ReplicatedItems } from './replicated-items.ts';
import { SoundCore } from './sound-core.ts';
import { TrueRoot } from './true-root.ts';
import { TruthfulAbsence } from './truthful-absence.ts';
import { type Demand, Violations } from './violations.ts';

const second = 1000;
const minute = 60 * second;

/** For so long after a fault two roots may be seen: it has to be detected and made known first. */
const twoRootsMsMax = 60 * second;
/** Longer than any command may take. */
const handleHeldMsMax = 10 * minute;

/** All checkers of a run, at work. */
export class Checks {
  readonly violations: Violations;
  readonly ledger: ItemLedger;
  readonly absence: TruthfulAbsence;
  private readonly world: World;
  private readonly always: readonly StateChecker[];
  private readonly oneRoot: OneRoot;
  private readonly eventually: readonly StateChecker[];
  private readonly readable: ReadableEverywhere;

  constructor(cluster: Cluster) {
    const { world } = cluster;
    this.world = world;
    this.violations = new Violations(world.engine, world.network.recent);
    this.ledger = new ItemLedger(world, this.violations);
    this.absence = new TruthfulAbsence(world, this.ledger, this.violations);
    this.oneRoot = new OneRoot(world);
    this.readable = new ReadableEverywhere(cluster, this.ledger, this.violations);
    const handles = new HandleDiscipline(world, this.violations, handleHeldMsMax);
    this.always = [handles, new BoundedTables(world)];
    // What takes longest to come true and least to look at goes first.
    this.eventually = [new ReplicatedItems(world, this.ledger), new OneRing(world), new ExactLeafSets(world)];
    const watching = [handles, this.ledger, new TrueRoot(world, this.violations), this.absence];
    for (const observer of watching) world.observers.add(observer);
    world.observers.add(new SoundCore(this.violations));
    world.observers.add(new BoundedTraffic(this.violations));
    world.observers.add(new GrantedActivation(this.violations));
    world.observers.add(new DurableAcknowledgement(world, this.violations));
    this.sampleLater();
  }

  /** What is not yet as it should be some time after the last fault; the first checker that complains stands for all. */
  unsettled(): { readonly checker: StateChecker; readonly problems: readonly Problem[] } | undefined {
    for (const checker of this.eventually) {
      const problems = checker.problems();
      if (problems.length > 0) return { checker, problems };
    }
    return undefined;
  }

  /** What holds in the end is demanded now. */
  demandSettled(): void {
    for (const checker of this.eventually) this.report(checker, 'eventually', checker.problems());
  }

  /** Reads acknowledged blocks from all nodes; takes virtual time. */
  demandReadable(readsMax: number): void {
    this.readable.read(readsMax);
  }

  private sample(): void {
    for (const checker of this.always) this.report(checker, 'always', checker.problems());
    const { calm, now, network } = this.world;
    if (calm.since(now - twoRootsMsMax) && !disturbsMessages(network.faults)) this.report(this.oneRoot, 'calm', this.oneRoot.problems());
    this.sampleLater();
  }

  private sampleLater(): void {
    const { engine, membership } = this.world;
    engine.after(lookPeriodMs(membership.active.length), () => this.sample());
  }

  private report(checker: StateChecker, demand: Demand, problems: readonly Problem[]): void {
    for (const { message, hosts } of problems) this.violations.add(checker.name, demand, message, hosts);
  }
}
