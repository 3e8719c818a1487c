// What the views ask of jQuery: $(element)[0] and, in anywidget's, $(element).empty().
export default function $(element) {
  return Object.assign(Object.create($.prototype), { 0: element });
}

$.prototype.empty = function () {
  this[0].replaceChildren();
};
