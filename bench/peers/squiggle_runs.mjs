// The model in Squiggle: `node squiggle_runs.mjs FOLDER PATHS` with the package in FOLDER/node_modules prints seconds a
// path and the outputs as JSON. One reduce over months is one path; a map over paths draws each of them anew.
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [folder, paths] = [resolve(process.argv[2]), Number(process.argv[3])];
const home = join(folder, "node_modules", "@quri", "squiggle-lang");
const about = JSON.parse(readFileSync(join(home, "package.json"), "utf-8"));
const squiggle = await import(pathToFileURL(join(home, "dist", "index.js")).href);

const code = `
swing = 1 / 12 ^ 0.5
month(s, t) = {
  zDemand = sample(normal(0, 1))
  zRevenue = sample(normal(0, 1))
  zPrice = sample(normal(0, 1))
  demand = s.demand * exp((0.12 + 0.58 * exp(-t / 36) - 0.06125) / 12 + 0.35 * swing * zDemand)
  price = s.price * exp(-0.2 / 12 + 0.2 * swing * zPrice)
  base = s.base * exp((0.15 + 0.60 * exp(-t / 40) - 0.045) / 12 + 0.3 * swing * (0.6 * zDemand + 0.8 * zRevenue))
  waiverHazards = s.waiverHazards + 0.01
  agiHazards = s.agiHazards + 0.001 + 0.009 * t / 138
  agi = if agiHazards >= s.toAgi then 1 else 0
  free = if (t < 66) && (waiverHazards < s.toWaiver) then 0 else 1
  aUsed = min([demand, 900 + 5100 * min([t / 72, 1])])
  bCapacity = if t < 18 then 0 else min([500 * 1.04 ^ (t - 18), 9000])
  bUsed = min([demand - aUsed, free * bCapacity])
  unmet = demand - aUsed - bUsed
  aCost = max([aUsed * price, if t < 60 then 700 else 1500])
  bCost = max([bUsed * price * 0.9, if t < 18 then 0 else free * 250])
  revenue = base * (1 - 0.8 * unmet / demand)
  shared = (1 - agi) * 0.2 * revenue
  net = revenue - shared - aCost - bCost - (500 * exp(0.01 * t) + 0.25 * revenue)
  burn = 0.8 * s.burn + 0.2 * max([-net, 0])
  before = s.cash + net
  round = if (before < 12 * max([burn, 1])) && (s.cooling <= 0) then 1 else 0
  raised = round * max([24 * burn, 5000])
  stake = s.stake * (1 - raised / (180 * revenue + raised))
  partner = shared + 0.35 * aCost + stake * 0.15 * max([net, 0])
  licence = if t < 78 then (1 - agi) * 0.05 * revenue else 0
  {
    demand: demand, price: price, base: base, burn: burn, cash: before + raised, stake: stake,
    cooling: if round == 1 then 6 else s.cooling - 1, toWaiver: s.toWaiver, toAgi: s.toAgi,
    waiverHazards: waiverHazards, agiHazards: agiHazards, unmetSum: s.unmetSum + unmet,
    partnerSum: s.partnerSum + partner, licensedSum: s.licensedSum + partner + licence, rounds: s.rounds + round
  }
}
path(i) = List.reduce(List.upTo(0, 137), {
  demand: 1000, price: 1, base: 1500, burn: 800, cash: 20000, stake: 0.27, cooling: 0,
  toWaiver: -log(sample(uniform(0, 1))), toAgi: -log(sample(uniform(0, 1))),
  waiverHazards: 0, agiHazards: 0, unmetSum: 0, partnerSum: 0, licensedSum: 0, rounds: 0
}, month)
List.map(List.upTo(1, ${paths}), {|i|
  s = path(i)
  [
    s.cash, s.unmetSum, s.stake, s.licensedSum, s.partnerSum, s.rounds,
    if s.agiHazards >= s.toAgi then 1 else 0, if s.waiverHazards >= s.toWaiver then 1 else 0
  ]
})
`;

const began = performance.now();
const output = await squiggle.run(code);
const seconds = (performance.now() - began) / 1000;
const result = output.result;
if (!result?.ok) throw new Error(String(result?.value ?? "no result"));
console.log(JSON.stringify({ seconds: seconds / paths, version: about.version, outputs: result.value.result.asJS() }));
