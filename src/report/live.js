"use strict";
// A page of exfilctl serve: shows alerts as they come, and draws its parts anew now and then.
// Whatever comes is put in as text, never as markup; a fresh page is taken apart without being run.
(function () {
  var MOST = 50, EACH_MS = 60000, SOON_MS = 5000;
  var state = document.getElementById("state"), body = document.querySelector("#live tbody");
  var host = document.body.getAttribute("data-host"), timer = 0, isSoon = false;

  function cell(row, tag, text, kind, sortedBy) {
    var c = document.createElement(tag);
    c.textContent = text;
    if (kind) c.className = kind;
    if (sortedBy !== undefined) c.setAttribute("data-v", sortedBy);
    row.appendChild(c);
    return c;
  }
  function size(bytes) {
    var units = ["B", "kB", "MB", "GB", "TB"], i = 0;
    for (; bytes >= 1000 && i < units.length - 1; i++) bytes /= 1000;
    return bytes ? (i ? bytes.toFixed(1) : bytes) + " " + units[i] : "not known";
  }
  function link(into, address) {
    var a = document.createElement("a");
    a.href = "host?" + encodeURIComponent(address);
    a.textContent = address;
    into.textContent = "";
    into.appendChild(a);
  }
  function show(a) {
    var row = document.createElement("tr"), levels = ["low", "medium", "high", "critical"], chip, name;
    if (host && a.host !== host && a.to !== host) return;
    Array.prototype.slice.call(body.rows).forEach(function (r) { if (r.alert === a.id) r.remove(); });
    row.alert = a.id;
    cell(row, "td", a.begin.slice(0, 19).replace("T", " "), "", Date.parse(a.begin));
    chip = cell(row, "td", "", "", levels.indexOf(a.level));
    cell(chip, "span", a.level, "chip " + (levels.indexOf(a.level) < 0 ? "low" : a.level));
    cell(row, "td", a.alert);
    name = cell(row, "td", a.host || "the sensor");
    if (a.host) link(name, a.host);
    if (a.name) cell(name, "span", " " + a.name, "soft");
    cell(row, "td", a.to);
    cell(row, "td", size(a.bytes), "n", a.bytes);
    cell(row, "td", a.risk + " %", "n", a.risk);
    body.insertBefore(row, body.firstChild);
    while (body.rows.length > MOST) body.rows[body.rows.length - 1].remove();
  }
  // Sorting and what is open stay as somebody has set them.
  function carryOver(old, fresh) {
    var open = old.querySelectorAll("details"), tables = old.querySelectorAll("table.sorts");
    Array.prototype.forEach.call(fresh.querySelectorAll("details"), function (d, i) { if (open[i]) d.open = open[i].open; });
    old.replaceWith(fresh);
    fresh.dispatchEvent(new Event("fresh", { bubbles: true }));
    Array.prototype.forEach.call(fresh.querySelectorAll("table.sorts"), function (t, i) {
      var before = tables[i] && tables[i].tHead.rows[0].cells;
      Array.prototype.forEach.call(t.tHead.rows[0].cells, function (h, c) {
        var wanted = before && before[c] && before[c].getAttribute("aria-sort");
        if (!wanted) return;
        h.querySelector("button").click();
        if (h.getAttribute("aria-sort") !== wanted) h.querySelector("button").click();
      });
    });
  }
  function drawAnew(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    ["header", "section[aria-labelledby]"].forEach(function (kind) {
      Array.prototype.forEach.call(page.querySelectorAll(kind), function (fresh) {
        var name = fresh.getAttribute("aria-labelledby");
        var old = document.querySelector(name ? 'section[aria-labelledby="' + name + '"]' : kind);
        if (old && fresh.id !== "live" && !old.contains(document.activeElement)) carryOver(old, document.adoptNode(fresh));
      });
    });
  }
  function refresh() {
    isSoon = false;
    timer = setTimeout(refresh, EACH_MS);
    fetch(window.location.href, { credentials: "omit" }).then(function (r) { return r.ok ? r.text() : ""; })
      .then(function (text) { if (text) drawAnew(text); }, function () { return 0; });
  }
  function soon() { // many alerts at once do not put it off
    if (isSoon) return;
    isSoon = true;
    clearTimeout(timer);
    timer = setTimeout(refresh, SOON_MS);
  }

  state.textContent = "Connecting ...";
  timer = setTimeout(refresh, EACH_MS);
  var stream = new EventSource("events");
  stream.addEventListener("known", function (e) { show(JSON.parse(e.data)); });
  stream.addEventListener("alert", function (e) { show(JSON.parse(e.data)); soon(); });
  stream.addEventListener("state", function (e) { state.textContent = JSON.parse(e.data).text; });
  stream.addEventListener("error", function () { state.textContent = "exfilctl serve does not answer; the page tries again by itself."; });
})();
