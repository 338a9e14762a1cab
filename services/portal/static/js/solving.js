// The solve of a round, watched while it runs: where it is, how good the plan is by now, and how to stop it.

import { call, decides, fetched, onRound, sayIn } from "./desk.js";
import { atMost, number } from "./numbers.js";
import { make } from "./search.js";
import { language, text } from "./texts.js";

const at = (id) => document.getElementById(id);
const POLL_MS = 1000;
// How often a round that is still open is looked at, and the longest wait after failures.
const CALM_MS = 15000;
const UNDER_WAY = ["queued", "running"];
const STATES = {
  open: "solvingOpen", closed: "solvingClosed", solving: "solvingRunning", drawn_up: "solvingDrawnUp",
  failed: "solvingFailed", reviewed: "solvingReviewed", published: "solvingPublished",
};
const ENDED = { optimal: "endedOptimal", limit: "endedLimit", stopped: "endedStopped" };
/** By phase of a solve: its name. */
export const PHASES = {
  loading: "phaseLoading", candidates: "phaseCandidates", assembling: "phaseCandidates", pricing: "phasePricing",
  searching: "phaseSearching", papers: "phasePapers", writing: "phaseWriting",
};
let round = "";
let seen = null;
let asked = 0;
let failures = 0;
let timer = 0;
let stopping = false;

const say = (message, bad) => sayIn("solving-state", message, bad);

function watch(chosen) {
  stopping = stopping && chosen === round;
  round = chosen;
  seen = null;
  failures = 0;
  at("stop-dialog").close();
  at("solving").hidden = !round;
  at("progress").replaceChildren();
  at("stop").hidden = true;
  say(round ? text("solvingReading") : "");
  look();
}

// One question at a time: the next one is put when this one is answered, and none while nobody can see it.
async function look() {
  clearTimeout(timer);
  const turn = ++asked;
  if (!round || document.hidden) return;
  try {
    const answer = await fetched("GET", `/rounds/${round}`);
    const now = new Date(answer.headers.get("Date") ?? Date.now());
    const read = await answer.json();
    if (turn !== asked) return;
    failures = 0;
    show(read, now);
  } catch (error) {
    if (turn !== asked) return;
    failures += 1;
    say(text("solvingLost", { why: error.message }), true);
  }
  const wait = pause();
  if (wait) timer = setTimeout(look, wait);
}

// Milliseconds until the next look; none when there is nothing more to come.
function pause() {
  if (failures) return Math.min(POLL_MS * 2 ** failures, CALM_MS);
  if (isUnderWay()) return POLL_MS;
  return seen.state === "open" ? CALM_MS : 0;
}

const isUnderWay = () => UNDER_WAY.includes(seen?.progress?.state);

// -- showing

function show(read, now) {
  seen = read;
  if (!isUnderWay()) stopping = false;
  const message = isUnderWay() ? standing() : outcome();
  // Said anew only where it is other words: whoever has it read aloud hears each once.
  if (at("solving-state").textContent !== message) say(message, seen.state === "failed");
  at("progress").replaceChildren(...facts(now).map(([name, value]) => pair(name, value)));
  at("stop").hidden = !isUnderWay() || stopping || !decides();
  if (at("stop").hidden) at("stop-dialog").close();
}

function standing() {
  if (stopping) return text("solvingStopping");
  const { state, phase } = seen.progress;
  if (state === "queued") return text("solvingQueued");
  return PHASES[phase] ? text("solvingIn", { phase: text(PHASES[phase]) }) : text("solvingRunning");
}

function outcome() {
  const { state, ended, failure_text: failure, progress } = seen;
  if (state === "closed" && progress?.state === "cancelled") return text("solvingCancelled");
  const words = text(STATES[state], { date: moment(seen.closes_at) });
  return [words, state === "failed" ? failure : "", ENDED[ended] && seen.value !== null ? text(ENDED[ended]) : ""].filter(Boolean).join(" ");
}

function facts(now) {
  const { progress } = seen;
  const found = isUnderWay() ? numbers(progress) : seen.value === null ? [] : numbers(seen);
  if (progress?.started_at) found.push(["solvingSeconds", seconds(progress.started_at, progress.finished_at ?? now)]);
  return found;
}

function numbers({ value, bound, gap }) {
  return [["solvingValue", whole(value)], ["solvingBound", whole(bound)], ["solvingGap", percent(gap)]];
}

function pair(name, value) {
  const found = make("div");
  found.append(make("dt", "", text(name)), make("dd", "", value));
  return found;
}

const whole = (value) => (value === null ? "–" : number(value));
const percent = (gap) => (gap === null ? "–" : `${atMost(gap)}\u00a0%`);


function seconds(from, to) {
  return text("solvingTook", { n: number(Math.max(0, Math.round((new Date(to) - new Date(from)) / 1000))) });
}

function moment(instant) {
  const form = { timeZone: "Asia/Shanghai", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", form).format(new Date(instant));
}

// -- stopping

function confirmStop() {
  const { value, gap } = seen.progress;
  const words = value === null ? text("stopNothing") : text("stopBest", { value: whole(value), gap: percent(gap) });
  at("stop-words").textContent = words;
  at("stop-dialog").showModal();
}

async function stop() {
  at("stop-dialog").close();
  stopping = true;
  at("stop").hidden = true;
  say(text("solvingStopping"));
  try {
    await call("POST", `/rounds/${round}/cancel-solve`);
  } catch (error) {
    stopping = false;
    say(error.message, true);
  }
  await look();
}

onRound(watch);
at("stop").addEventListener("click", confirmStop);
at("stop-yes").addEventListener("click", stop);
at("stop-no").addEventListener("click", () => at("stop-dialog").close());
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : resume()));

function resume() {
  if (!seen || pause()) look();
}
