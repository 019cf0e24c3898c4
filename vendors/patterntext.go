package vendors

import (
	"regexp/syntax"
	"strings"
)

// patternText returns a short text that a regular expression matches, in which group says what its
// groups match. It is empty if the expression is not valid.
func patternText(pattern string, group func(index int, name string) string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	writePattern(&b, re, group)
	return b.String()
}

// writePattern writes a text that re matches: of alternatives the first, and as few repeats as it
// needs.
func writePattern(b *strings.Builder, re *syntax.Regexp, group func(int, string) string) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(printableOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture:
		b.WriteString(group(re.Cap, re.Name))
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			writePattern(b, sub, group)
		}
	case syntax.OpPlus, syntax.OpAlternate:
		writePattern(b, re.Sub[0], group)
	case syntax.OpRepeat:
		for range re.Min {
			writePattern(b, re.Sub[0], group)
		}
	default: // what may be empty: a star, a question mark, the beginning or the end of the text
	}
}

// printableOf returns a rune of a class, which is a list of ranges: one that a header may have, if it
// can.
func printableOf(class []rune) rune {
	for i := 0; i < len(class); i += 2 {
		if r := max(class[i], '!'); r <= class[i+1] {
			return r
		}
	}
	return class[0]
}
