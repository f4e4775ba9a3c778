// Search: an image or a template in, ranked hits out; pairs are confirmed or rejected.

import { attempt, get, pictureOf, post } from "./api.js";
import { Crop } from "./crop.js";
import { asUtc, find, make, moment, percent, say, walkable } from "./elements.js";

const WORDS = { same: "same", unsure: "unsure", new: "new" };

let file = null; // the image that is searched for
let template = null; // or the template of the gallery
let answer = null;
let prior = null; // share of same pairs for which probabilities hold
let asked = 0; // so that a late answer does not replace a newer one

const crop = new Crop(() => search());

/** Connect the view; called once. */
export function startSearch() {
  find("file").addEventListener("change", (event) => take(event.target.files[0]));
  find("other").addEventListener("click", () => find("file").click());
  addEventListener("paste", (event) => take(imageOf(event.clipboardData)));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    find("drop").classList.add("over");
  });
  addEventListener("dragleave", () => find("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    find("drop").classList.remove("over");
    take(imageOf(event.dataTransfer));
  });
  find("filter-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  find("filter-form").addEventListener("change", countFilters);
  find("filter-form").elements.once.addEventListener("change", () => answer && showHits());
  find("keep").addEventListener("submit", keep);
  walkable(find("hits"), {
    s: (card) => card.querySelector(".is-same").click(),
    d: (card) => card.querySelector(".is-different").click(),
    l: (card) => card.querySelector(".similar").click(),
    enter: (card) => card.querySelector("h3 a").click(),
  });
}

/** Offer the cameras of the gallery as filters, and keep what its probabilities mean. */
export function showAboutGallery({ cameras, prior: known }) {
  prior = known;
  const old = new Set(chosenCameras());
  find("cameras").replaceChildren(
    ...cameras.map((camera) =>
      make(
        "label",
        {},
        make("input", { type: "checkbox", name: "camera", value: camera, checked: old.has(camera) }),
        camera,
      ),
    ),
  );
  find("cameras").closest("fieldset").hidden = cameras.length === 0;
}

/** Search for what looks like a template of the gallery. */
export function searchLike(chosen) {
  template = chosen;
  file = null;
  find("frame").hidden = true;
  find("drop").hidden = false;
  find("keep").hidden = true;
  location.hash = "#search";
  return search();
}

async function take(chosen) {
  if (!chosen) return;
  if (location.hash !== "#search") location.hash = "#search";
  file = chosen;
  template = null;
  find("file").value = "";
  try {
    await crop.show(chosen);
  } catch {
    say(`${chosen.name || "This"} is no image that the browser can read.`, { isWrong: true });
    return;
  }
  await search();
}

function imageOf(transfer) {
  return [...(transfer?.files ?? [])].find((item) => item.type.startsWith("image/"));
}

async function search() {
  if (!file && !template) {
    say("Choose an image first.");
    return;
  }
  const number = ++asked;
  const { top } = find("filter-form").elements;
  find("verdict").replaceChildren(make("p", { class: "quiet" }, "Searching ..."));
  const found = await attempt(async () => {
    if (template) return get("/v1/similar", { template_id: template.template_id, top: top.value, where: where() });
    const body = new FormData();
    body.append("images", file, file.name || "pasted.png");
    body.append("top", top.value);
    if (where()) body.append("where", where());
    if (crop.box) body.append("box", crop.box.join(","));
    return (await post("/v1/search", body))[0];
  });
  if (number !== asked) return;
  if (!found) {
    find("verdict").replaceChildren();
    return;
  }
  answer = found;
  showVerdict();
  showHits();
  offerToKeep();
}

/** The filter as a condition; null where there is none. */
function where() {
  const { from, until, where: text } = find("filter-form").elements;
  const quoted = (value) => `'${value.replaceAll("'", "''")}'`;
  const time = (value) => `timestamp '${asUtc(value).slice(0, 19).replace("T", " ")}'`;
  const parts = [];
  if (chosenCameras().length) parts.push(`camera in (${chosenCameras().map(quoted).join(", ")})`);
  if (from.value) parts.push(`time >= ${time(from.value)}`);
  if (until.value) parts.push(`time <= ${time(until.value)}`);
  if (text.value.trim()) parts.push(`(${text.value.trim()})`);
  return parts.join(" and ") || null;
}

const chosenCameras = () => [...document.querySelectorAll("#cameras input:checked")].map((item) => item.value);

function countFilters() {
  const { from, until, where: text } = find("filter-form").elements;
  const number = [chosenCameras().length, from.value, until.value, text.value.trim()].filter(Boolean).length;
  find("filter-count").textContent = number ? `(${number} set)` : "";
}

function showVerdict() {
  const { decision, identity, probability, hits } = answer;
  const text = {
    same: ["The same as ", make("strong", {}, identity)],
    unsure: ["Unsure: perhaps ", make("strong", {}, identity ?? "")],
    new: [make("strong", {}, "New"), identity ? `: nobody is near; the nearest is ${identity}` : ": nobody here"],
  }[decision] ?? [identity ? `Nearest: ${identity}` : "Nobody found"];
  const facts = [];
  if (hits.length) facts.push(`distance ${hits[0].distance.toFixed(3)}`);
  if (probability !== null) {
    facts.push(`probability of the same ${percent(probability)}, if ${percent(prior)} of pairs are`);
  }
  if (!decision && hits.length) facts.push("the model has no measured thresholds, so there is no verdict");
  const query = template ? [make("p", { class: "quiet" }, `Like a picture of ${template.identity}`)] : [];
  find("verdict").className = `verdict ${decision ?? ""}`;
  find("verdict").replaceChildren(
    ...query,
    make("p", { class: "said" }, ...text),
    make("p", { class: "quiet" }, facts.join("; ")),
  );
  if (find("verdict").getBoundingClientRect().top > innerHeight) find("verdict").scrollIntoView();
}

function showHits() {
  const seen = new Set();
  const isOnce = find("filter-form").elements.once.checked;
  const shown = answer.hits.filter(({ template: { identity } }) => {
    const isNew = !seen.has(identity);
    seen.add(identity);
    return isNew || !isOnce;
  });
  find("hits").replaceChildren(...shown.map(card));
  find("hits-help").hidden = !shown.length;
}

function card(hit) {
  const { template: found, rank, distance, probability, verdict } = hit;
  const source = pictureOf(found, 320);
  const name = `#individual/${encodeURIComponent(found.identity)}`;
  const judge = (isSame) => () => judgePair(hit, isSame, item);
  const facts = [found.camera && `camera ${found.camera}`, moment(found.time), found.notes].filter(Boolean);
  const item = make(
    "li",
    { class: `card ${verdict ?? ""}`, tabindex: 0, "aria-label": `Hit ${rank}: ${found.identity}` },
    make(
      "div",
      { class: "shot" },
      source
        ? make("img", { src: source, alt: `Picture of ${found.identity}`, loading: "lazy" })
        : make("span", { class: "quiet" }, "no picture"),
      make("span", { class: "rank" }, String(rank)),
      verdict && make("span", { class: `chip ${verdict}` }, WORDS[verdict]),
    ),
    make("h3", {}, make("a", { href: name }, found.identity)),
    make(
      "p",
      { class: "numbers" },
      probability !== null && make("span", { title: "Probability of the same" }, percent(probability)),
      make("span", { class: "quiet", title: "Distance" }, distance.toFixed(3)),
    ),
    make("p", { class: "facts quiet" }, facts.join(" · ")),
    make(
      "div",
      { class: "buttons" },
      make("button", { type: "button", class: "is-same", onclick: judge(true) }, "Same"),
      make("button", { type: "button", class: "is-different", onclick: judge(false) }, "Different"),
      make("button", { type: "button", class: "similar", onclick: () => searchLike(found) }, "Similar"),
    ),
  );
  markJudged(item, hit.judged_same);
  return item;
}

function markJudged(item, isSame) {
  item.querySelector(".is-same").setAttribute("aria-pressed", String(isSame === true));
  item.querySelector(".is-different").setAttribute("aria-pressed", String(isSame === false));
}

async function judgePair(hit, isSame, item) {
  const pair = { first: answer.query_id, second: hit.template.template_id, is_same: isSame };
  if (!(await attempt(() => post("/v1/judgements", pair)))) return;
  hit.judged_same = isSame;
  markJudged(item, isSame);
  const other = hit.template.identity;
  if (!template) {
    if (isSame) find("keep").elements.identity.value = other;
    say(isSame ? `Kept: the same as ${other}.` : `Kept: not ${other}.`);
  } else if (isSame && template.identity !== other) {
    const merge = () => attempt(() => mergeInto(other, template.identity));
    say(`Kept. Then ${other} and ${template.identity} are one?`, { action: merge, label: "Merge" });
  } else if (!isSame && template.identity === other) {
    location.hash = `#individual/${encodeURIComponent(other)}`;
    say(`Kept. Choose the pictures that are not ${other}, and split them off.`);
  } else say("Kept.");
}

async function mergeInto(identity, into) {
  await post("/v1/identities/merge", { identities: [identity], into });
  say(`${identity} is now ${into}.`);
  await search();
}

function offerToKeep() {
  find("keep").hidden = !file;
  if (!file) return;
  find("keep").elements.identity.value = answer.decision === "new" ? "" : (answer.identity ?? "");
  const names = new Set(answer.hits.map((hit) => hit.template.identity));
  find("names").replaceChildren(...[...names].map((value) => make("option", { value })));
}

async function keep(event) {
  event.preventDefault();
  const fields = event.target.elements;
  const body = new FormData();
  body.append("images", file, file.name || "pasted.png");
  if (crop.box) body.append("box", crop.box.join(","));
  for (const name of ["identity", "camera", "notes"]) {
    if (fields[name].value.trim()) body.append(name, fields[name].value.trim());
  }
  if (fields.time.value) body.append("time", asUtc(fields.time.value));
  if (!(await attempt(() => post("/v1/templates", body)))) return;
  say(`Added to ${fields.identity.value}.`);
  dispatchEvent(new Event("gallery-changed"));
  await search();
}
