export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // The design system's own markup says roles twice. In tables they are needed: where a table stacks on a narrow
    // screen, its elements are no longer shown as table, and browsers then forget what they are.
    "no-redundant-role": "off",
  },
};
