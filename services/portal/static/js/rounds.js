// The page of published rounds: how good each result is, and the papers with which anybody can check it.

import { retell } from "./desk.js";
import { atMost, number } from "./numbers.js";
import { make, read } from "./search.js";
import { language, text, translate, useLanguage } from "./texts.js";
import "./whatif.js";

const PAGE = 10;
const FILES = { problem: "paperProblem", solution: "paperSolution", certificate: "paperCertificate" };
const at = (id) => document.getElementById(id);
let rounds = [];
let cursor = null;

function say(message, bad = false) {
  at("results-state").textContent = message;
  at("results-state").classList.toggle("bad", bad);
}

async function load() {
  say(text("resultsLoading"));
  at("more").hidden = true;
  try {
    const answer = await read("/api/v1/rounds/published", { limit: PAGE, cursor });
    rounds.push(...answer.items);
    cursor = answer.next;
    show();
  } catch {
    say(text("resultsFailed"), true);
    at("more").hidden = false;
  }
}

function show() {
  at("rounds").replaceChildren(...rounds.map(card));
  at("more").hidden = !cursor;
  say(rounds.length ? "" : text("resultsNone"));
}

function card(round) {
  const item = make("li", "result");
  item.id = `round-${round.id}`;
  const name = make("h3", "", round.name);
  name.lang = "zh-CN";
  item.append(name, make("p", "facts", text("roundPublished", { date: day(round.published_at) })));
  item.append(make("p", "gap", quality(round)));
  if (round.value !== null) item.append(make("p", "facts", text("roundNumbers", { value: number(round.value), bound: number(round.bound) })));
  if (round.fairness) item.append(make("p", "facts", fairness(round)));
  if (round.ended === "stopped") item.append(make("p", "facts", text("roundStopped")));
  if (round.changed_by_hand) item.append(make("p", "hand", text("roundByHand", { n: round.changed_by_hand })));
  item.append(papers(round), make("p", "seed", text("roundSeed", { seed: round.seed, hash: round.seed_hash })));
  return item;
}

function quality(round) {
  if (round.gap === null) return text("roundNoGap");
  return round.gap === 0 ? text("roundOptimal") : text("roundGap", { gap: atMost(round.gap) });
}

function fairness(round) {
  const { lowest, fair, highest, value, pupils } = round.fairness;
  // What there was no time to prove or to price is not spoken of.
  const most = highest < 1 ? text("roundFairMost", { highest: share(highest) }) : "";
  const cost = value === null ? "" : text("roundFairCost", { value: number(value), pupils: number(pupils) });
  return text("roundFair", { lowest: share(lowest), fair: share(fair), most, policy: round.policy.fairness, cost });
}

const share = (part) => (part * 100).toLocaleString(language(), { maximumFractionDigits: 1 });

function papers(round) {
  if (!round.papers.length) return make("p", "facts", text("papersNone"));
  const list = make("ul", "papers");
  for (const paper of round.papers) list.append(file(paper));
  return list;
}

function file(paper) {
  const item = make("li");
  const link = make("a", "", text(FILES[paper.paper]));
  link.href = paper.address;
  link.download = `${paper.paper}.json`;
  item.append(link, make("span", "facts", ` ${size(paper.size)}`));
  return item;
}

function size(bytes) {
  return bytes < 100000 ? `${number(Math.ceil(bytes / 1000))} kB` : `${number(Math.ceil(bytes / 100000) / 10)} MB`;
}

function day(moment) {
  const form = { timeZone: "Asia/Shanghai", year: "numeric", month: "long", day: "numeric" };
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", form).format(new Date(moment));
}

at("language").addEventListener("click", () => {
  useLanguage(language() === "zh" ? "en" : "zh");
  history.replaceState(null, "", language() === "zh" ? location.pathname : `${location.pathname}?lang=en`);
  translate(document);
  show();
  retell();
});
at("more").addEventListener("click", load);
useLanguage(new URLSearchParams(location.search).get("lang") ?? "zh");
translate(document);
load();
