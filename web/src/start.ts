// Runs before the application is there, so that the page never flashes in the wrong colours.
import { applyTheme, readTheme } from "./theme";

applyTheme(readTheme());
