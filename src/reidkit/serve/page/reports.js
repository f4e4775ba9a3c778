// Evaluation reports that the service found.

import { attempt, get } from "./api.js";
import { find, make, moment } from "./elements.js";

/** List the reports; show the one that is asked for, if any. */
export async function showReports(wanted) {
  const reports = await attempt(() => get("/v1/reports"));
  if (!reports) return;
  const list = find("report-list");
  list.replaceChildren(...reports.map((report) => row(report, report.report_id === wanted)));
  if (!reports.length) {
    list.append(make("li", {}, "No reports. Start the service with --reports FOLDER, such as the folder of runs."));
  }
  const page = find("report-page");
  page.hidden = !wanted;
  if (wanted) page.src = `/v1/report?${new URLSearchParams({ report_id: wanted })}`;
}

function row(report, isShown) {
  const score = (value) => (value === null ? "" : `${(100 * value).toFixed(1)} %`);
  const scores = report.mean_ap === null ? "" : `mAP ${score(report.mean_ap)}, Rank-1 ${score(report.rank_1)}`;
  return make(
    "li",
    {},
    make("a", { href: `#reports/${report.report_id}`, "aria-current": isShown && "true" }, report.name),
    make("span", {}, scores),
    make("span", { class: "quiet" }, moment(report.written)),
  );
}
