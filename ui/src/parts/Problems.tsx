import { Anchor, List, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Problem } from '../api/types';

export const problemText = (problem: Problem) => {
  const path = problem.path ? `${problem.path}: ` : '';
  const meant = problem.suggestion ? `, did you mean \`${problem.suggestion}\`?` : '';
  return `${path}${problem.message}${meant}`;
};

/** Problems of the file, each leading to its line. */
export function Problems({ problems, onPick }: { problems: Problem[]; onPick?: (line: number) => void }) {
  return (
    <List size="sm" spacing={6} listStyleType="none" aria-label="Problems">
      {problems.map((problem, index) => (
        <List.Item key={index}>
          {onPick ? (
            <Anchor
              component="button"
              type="button"
              size="sm"
              underline="always"
              onClick={() => onPick(problem.line)}
            >
              line {problem.line}:{problem.column}
            </Anchor>
          ) : (
            <Anchor
              renderRoot={(props) => <Link to="/config" search={{ line: problem.line }} {...props} />}
              size="sm"
              underline="always"
            >
              line {problem.line}:{problem.column}
            </Anchor>
          )}{' '}
          <Text span size="sm" className="wrap">
            {problem.severity !== 'error' && <b>{problem.severity}: </b>}
            {problemText(problem)}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
