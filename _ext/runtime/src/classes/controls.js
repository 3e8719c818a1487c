// A page with any other widget does not build.
export {
  BoxModel,
  BoxView,
  HBoxModel,
  HBoxView,
  VBoxModel,
  VBoxView,
} from "@jupyter-widgets/controls/lib/widget_box";
export { DescriptionStyleModel } from "@jupyter-widgets/controls/lib/widget_description";
export { PlayModel, SliderStyleModel } from "@jupyter-widgets/controls/lib/widget_int";
export { DirectionalLinkModel, LinkModel } from "@jupyter-widgets/controls/lib/widget_link";
export {
  SelectionSliderModel,
  SelectionSliderView,
  ToggleButtonsModel,
  ToggleButtonsStyleModel,
} from "@jupyter-widgets/controls/lib/widget_selection";
export { StackModel, StackView } from "@jupyter-widgets/controls/lib/widget_selectioncontainer";
export {
  HTMLModel,
  HTMLStyleModel,
  HTMLView,
  LabelModel,
  LabelStyleModel,
  LabelView,
} from "@jupyter-widgets/controls/lib/widget_string";
export { PlayView, ToggleButtonsView } from "../views.js";
