// Of rounds that are not published yet: the hash of the seed by which lots will be drawn, told before they are.

import { make, read } from "./search.js";
import { text } from "./texts.js";

const MANY = 50;
const list = document.getElementById("seeds");
let rounds = [];

async function load() {
  try {
    const answer = await read("/api/v1/rounds/seeds", { limit: MANY });
    rounds = answer.items.filter((round) => round.seed === null);
  } catch {
    rounds = [];
  }
  show();
}

function show() {
  document.getElementById("pending").hidden = !rounds.length;
  list.replaceChildren(...rounds.map(row));
}

function row(round) {
  const name = make("h3", "", round.name);
  name.lang = "zh-CN";
  const item = make("li", "result");
  item.append(name, make("p", "seed", text("seedHash", { hash: round.seed_hash })));
  return item;
}

// Behind the page's own listener, which has changed the language by then.
document.getElementById("language").addEventListener("click", show);
load();
