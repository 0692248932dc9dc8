/** A rule in the form; its value is null if it is written in a way that only the editor knows. */
export type Rule = {
  /** Which one of the file it is. */
  was: number | null;
  id: number;
  key: string;
  isBare: boolean;
  value: string | null;
  source: string;
};

const isOfRules = (key: string) => /^rules(\[|$)/.test(key);

/** Whether the gateway reads other rules than the form has, or something else beside them has changed. */
export function isMisreadAs(
  before: Map<string, string>,
  after: Map<string, string> | undefined,
  rules: Rule[],
) {
  if (!after) return true;
  const others = (all: Map<string, string>) => JSON.stringify([...all].filter(([key]) => !isOfRules(key)));
  if (others(before) !== others(after)) return true;
  const read = [...after].filter(([key]) => /^rules\[/.test(key));
  if (read.length !== rules.length) return true;
  return rules.some((rule, at) => {
    if (rule.value === null)
      return ['allow', 'deny', 'require'].some(
        (key) => before.get(`rules[${rule.was}].${key}`) !== after.get(`rules[${at}].${key}`),
      );
    const found = after.get(`rules[${at}].${rule.key}`);
    // What has variables is read with their values.
    return found === undefined || (found !== rule.value && !rule.value.includes('$'));
  });
}
