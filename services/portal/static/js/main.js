// The public page: search, live counts and the region's tiles. What is shown follows the address, so that it can be shared.

import { draw } from "./map.js";
import { ask, hitCard } from "./search.js";
import { text, translate, useLanguage, language } from "./texts.js";

const KINDS = ["programme", "slot", "venue", "expert"];
const at = (id) => document.getElementById(id);
let wish = {};
let cursor = null;
let asked = 0;
let region = null;
let numbers = {};

function readAddress() {
  const query = new URLSearchParams(location.search);
  useLanguage(query.get("lang") ?? "zh");
  wish = { q: query.get("q") ?? "", kind: query.get("kind") ?? "", adcode: query.get("adcode") ?? "" };
  if (wish.kind && !KINDS.includes(wish.kind)) wish.kind = "";
}

function writeAddress(replace = false) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wish)) if (value) query.set(name, value);
  if (language() !== "zh") query.set("lang", language());
  const address = query.size ? `/?${query}` : "/";
  history[replace ? "replaceState" : "pushState"](null, "", address);
}

function showForm() {
  at("q").value = wish.q;
  for (const radio of document.querySelectorAll("input[name=kind]")) radio.checked = radio.value === wish.kind;
}

function say(id, message, bad = false) {
  at(id).textContent = message;
  at(id).classList.toggle("bad", bad);
}

async function find({ more = false } = {}) {
  const turn = ++asked;
  at("found").hidden = false;
  if (!more) at("hits").replaceChildren();
  at("more").hidden = true;
  say("found-state", text("searching"));
  try {
    const answer = await ask({ ...wish, cursor: more ? cursor : null });
    if (turn === asked) show(answer, more);
  } catch (error) {
    if (turn === asked) say("found-state", text(error.message === "tooMany" ? "tooMany" : "failed"), true);
  }
}

function show(answer, more) {
  at("hits").append(...answer.items.map(hitCard));
  cursor = answer.next;
  at("more").hidden = !cursor;
  const nothing = !more && answer.items.length === 0;
  say("found-state", nothing ? text(wish.q ? "none" : "noneHere", { q: wish.q }) : text("found", { n: answer.total }));
  showPlace();
}

function showPlace() {
  const list = at("facets");
  list.hidden = !wish.adcode;
  const cell = region?.cells.find((each) => each.adcode === wish.adcode);
  list.replaceChildren(...(wish.adcode ? [placeButton(cell?.[language()] ?? wish.adcode)] : []));
}

function placeButton(name) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = `${name} ✕`;
  button.setAttribute("aria-label", `${name} – ${text("clear")}`);
  button.addEventListener("click", () => choosePlace(""));
  item.append(button);
  return item;
}

function choosePlace(adcode) {
  wish.adcode = wish.adcode === adcode ? "" : adcode;
  changed();
  showMap();
  if (!at("found").hidden) at("found-title").focus();
}

function changed() {
  writeAddress();
  if (wish.q || wish.kind || wish.adcode) find();
  else at("found").hidden = true;
}

async function count() {
  const totals = await Promise.all(KINDS.map((kind) => ask({ kind, limit: 1 }).then((answer) => answer.total, () => null)));
  totals.forEach((total, n) => {
    document.querySelector(`[data-count=${KINDS[n]}]`).textContent = total === null ? "–" : total.toLocaleString(language());
  });
  const failed = totals.some((total) => total === null);
  const empty = totals.every((total) => total === 0);
  say("counts-state", failed ? text("countsFailed") : empty ? text("countsEmpty") : "", failed);
}

async function loadRegion() {
  try {
    region ??= await (await fetch("/region.json")).json();
    const answer = await ask({ limit: 1 });
    numbers = Object.fromEntries((answer.facets?.district ?? []).map((bucket) => [bucket.key, bucket.count]));
    at("area").hidden = Object.keys(numbers).length === 0;
    showMap();
  } catch {
    at("area").hidden = true;
  }
}

function showMap() {
  if (region) at("map").replaceChildren(draw(region, numbers, wish.adcode, choosePlace));
}

function start() {
  readAddress();
  translate(document);
  showForm();
  if (wish.q || wish.kind || wish.adcode) find();
  else at("found").hidden = true;
  showMap();
}

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  wish = { ...wish, q: form.get("q").trim(), kind: form.get("kind") };
  if (!wish.q && !wish.kind) wish.kind = "programme";
  showForm();
  changed();
});
for (const radio of document.querySelectorAll("input[name=kind]")) {
  radio.addEventListener("change", () => { wish.kind = radio.value; wish.q = at("q").value.trim(); changed(); });
}
at("more").addEventListener("click", () => find({ more: true }));
at("language").addEventListener("click", () => {
  useLanguage(language() === "zh" ? "en" : "zh");
  writeAddress(true);
  translate(document);
  count();
  showMap();
  if (!at("found").hidden) find();
});
addEventListener("popstate", start);

start();
count();
loadRegion();
