// All individuals: find them, open one, merge several.

import { attempt, get, post } from "./api.js";
import { count, find, make, moment, say, walkable } from "./elements.js";

const AT_ONCE = 60;
const chosen = new Set();
let shown = 0;
let typing = 0;

/** Connect the view; called once. */
export function startIndividuals() {
  find("contains").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(showIndividuals, 200);
  });
  find("more").addEventListener("click", showMore);
  find("merge").addEventListener("submit", merge);
  find("merge").addEventListener("reset", clearChoice);
  walkable(find("people"), {
    " ": (card) => card.querySelector("input").click(),
    enter: (card) => card.querySelector("h3 a").click(),
  });
}

/** Show the first ones anew. */
export async function showIndividuals() {
  shown = 0;
  await showMore();
}

async function showMore() {
  const contains = find("contains").value;
  const page = await attempt(() => get("/v1/identities", { contains, limit: AT_ONCE, offset: shown }));
  if (!page || contains !== find("contains").value) return;
  if (shown === 0) find("people").replaceChildren();
  find("people").append(...page.identities.map(card));
  shown += page.identities.length;
  find("more").hidden = shown >= page.total;
  find("individuals-count").textContent = count(page.total, "individual");
}

function card(person) {
  const { identity, num_templates: number, cameras } = person;
  const source = `/v1/picture?${new URLSearchParams({ template_id: person.cover, height: 320 })}`;
  const choose = (event) => {
    if (event.target.checked) chosen.add(identity);
    else chosen.delete(identity);
    showChoice();
  };
  const picture = make("img", { src: source, alt: `Picture of ${identity}`, loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(make("span", { class: "quiet" }, "no picture")));
  return make(
    "li",
    { class: "card", tabindex: 0, "aria-label": identity },
    make("div", { class: "shot" }, picture),
    make("h3", {}, make("a", { href: `#individual/${encodeURIComponent(identity)}` }, identity)),
    make(
      "p",
      { class: "facts quiet" },
      [count(number, "picture"), cameras.length && count(cameras.length, "camera"), moment(person.last_seen)]
        .filter(Boolean)
        .join(" · "),
    ),
    make(
      "label",
      { class: "check" },
      make("input", { type: "checkbox", checked: chosen.has(identity), onchange: choose }),
      "Choose",
    ),
  );
}

function showChoice() {
  const form = find("merge");
  form.hidden = chosen.size < 2;
  find("merge-count").textContent = [...chosen].join(", ");
  if (!chosen.has(form.elements.into.value)) form.elements.into.value = [...chosen][0] ?? "";
}

function clearChoice() {
  chosen.clear();
  find("merge").hidden = true;
  for (const box of document.querySelectorAll("#people input:checked")) box.checked = false;
}

async function merge(event) {
  event.preventDefault();
  const into = event.target.elements.into.value.trim();
  const body = { identities: [...chosen], into };
  const done = await attempt(() => post("/v1/identities/merge", body));
  if (!done) return;
  clearChoice();
  say(`${count(done.changed, "picture")} are now ${into}.`);
  dispatchEvent(new Event("gallery-changed"));
  await showIndividuals();
}
