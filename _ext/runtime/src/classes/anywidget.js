import * as base from "@jupyter-widgets/base";
import define from "anywidget";

export const { AnyModel, AnyView } = define(base);
