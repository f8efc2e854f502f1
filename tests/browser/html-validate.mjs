export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // The design system's own markup says roles twice. In tables they are needed: where a table stacks on a narrow
    // screen, its elements are no longer shown as table, and browsers then forget what they are.
    "no-redundant-role": "off",
    // The design system's notification banner is a div with the role of a region.
    "prefer-native-element": ["error", {exclude: ["region"]}],
    // What tells pages apart comes first in a title, however long: the name of the service is what may be cut off.
    "long-title": "off",
    // Checkboxes that belong together share a name.
    "form-dup-name": ["error", {shared: ["radio", "button", "reset", "submit", "checkbox"]}],
  },
};
