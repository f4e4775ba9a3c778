// Which part is shown follows what stands behind the '#', so that the back button works.

import { attempt, get, signIn } from "./api.js";
import { count, find } from "./elements.js";
import { showIndividuals, startIndividuals } from "./individuals.js";
import { showReports } from "./reports.js";
import { showAboutGallery, startSearch } from "./search.js";
import { showTimeline } from "./timeline.js";

const VIEWS = ["search", "individuals", "timeline", "reports"];

function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const wanted = decodeURIComponent(rest.join("/"));
  const view = name === "individual" ? "timeline" : VIEWS.includes(name) ? name : "search";
  for (const other of VIEWS) find(other).hidden = other !== view;
  const part = view === "timeline" ? "individuals" : view;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === part) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "individuals") showIndividuals();
  if (view === "timeline") showTimeline(wanted);
  if (view === "reports") showReports(wanted);
}

async function showAbout() {
  const about = await attempt(() => get("/v1/about"));
  if (!about) return;
  find("about").textContent = `${count(about.templates, "picture")} of ${count(about.identities, "individual")}`;
  showAboutGallery(about);
}

startSearch();
startIndividuals();
if (location.hash.startsWith("#token=")) await signIn();
addEventListener("hashchange", route);
addEventListener("gallery-changed", showAbout);
route();
await showAbout();
