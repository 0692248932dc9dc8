// The gateway's reasons for a decision, in words.
const words: Record<string, string> = {
  allowed_by_rule: 'a rule allows it',
  allowed_no_rules: 'there are no rules',
  allowed_default: 'no rule denies it, and there are no rules that allow',
  denied_by_rule: 'a rule denies it',
  denied_require: 'a required rule is not met',
  denied_no_allow_matched: 'no rule that allows it matches',
  denied_error: 'a rule cannot be evaluated',
  budget_exhausted: 'a rule takes too long to evaluate',
  refused: 'the caller is refused before the rules are asked',
};

export const reasonText = (reason: string) => words[reason] ?? reason.replaceAll('_', ' ');
