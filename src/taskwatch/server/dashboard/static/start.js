/** What every page does. */
import { listen } from "./act.js";
import { keepCounting } from "./countdown.js";
import { keepMenus } from "./menu.js";
import { keepFresh } from "./refresh.js";
import { closeByEscape } from "./toast.js";

keepCounting();
keepFresh();
keepMenus();
closeByEscape();
listen();
