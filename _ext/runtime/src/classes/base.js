export { LayoutModel, LayoutView, StyleView } from "@jupyter-widgets/base";
