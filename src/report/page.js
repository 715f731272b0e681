"use strict";
// Sorts a table by the column whose heading is pressed; without scripts the page is whole all the same.
// Tables that come later are told of by the event "fresh" at what holds them.
(function () {
  function value(row, column) {
    var cell = row.cells[column];
    var v = cell.getAttribute("data-v");
    return v === null ? cell.textContent : Number(v);
  }
  function sort(table, heading, column) {
    var down = heading.getAttribute("aria-sort") !== "descending";
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    rows.forEach(function (row, i) { row.at = i; });
    rows.sort(function (a, b) {
      var x = value(a, column), y = value(b, column);
      var order = x < y ? -1 : x > y ? 1 : 0;
      return (down ? -order : order) || a.at - b.at;
    });
    rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.removeAttribute("aria-sort"); });
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  }
  function dress(root) {
    Array.prototype.forEach.call(root.querySelectorAll("table.sorts"), function (table) {
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
        var button = document.createElement("button");
        button.type = "button";
        button.textContent = heading.textContent;
        button.addEventListener("click", function () { sort(table, heading, column); });
        heading.textContent = "";
        heading.appendChild(button);
      });
    });
  }
  dress(document);
  document.addEventListener("fresh", function (event) { dress(event.target); });
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (d) { d.open = true; });
  });
})();
