package policy

import (
	"fmt"
	"path"
	"strings"
)

// anyDepth is the segment of a pattern that stands for any number of segments, also for none.
const anyDepth = "**"

// matchesPath reports whether a pattern selects an escaped path; see Match.Paths.
func matchesPath(pattern, urlPath string) bool {
	if !strings.Contains(pattern, anyDepth) {
		ok, err := path.Match(pattern, urlPath)
		return err == nil && ok
	}
	patterns, segments := strings.Split(pattern, "/"), strings.Split(urlPath, "/")
	p, s := 0, 0
	deep, from := -1, 0 // the latest ** and the first segment that it does not stand for
	for s < len(segments) {
		switch {
		case p < len(patterns) && patterns[p] == anyDepth:
			deep, from = p, s
			p++
		case p < len(patterns) && matchesSegment(patterns[p], segments[s]):
			p, s = p+1, s+1
		case deep >= 0:
			from++
			p, s = deep+1, from
		default:
			return false
		}
	}
	for p < len(patterns) && patterns[p] == anyDepth {
		p++
	}
	return p == len(patterns)
}

func matchesSegment(pattern, segment string) bool {
	ok, err := path.Match(pattern, segment)
	return err == nil && ok
}

// patternProblem says what is wrong with a pattern for paths; empty: nothing is.
func patternProblem(pattern string) string {
	isWrong := pattern == "" || pattern[0] != '/'
	for segment := range strings.SplitSeq(pattern, "/") {
		_, err := path.Match(segment, "")
		isWrong = isWrong || err != nil || segment != anyDepth && strings.Contains(segment, anyDepth)
	}
	if !isWrong {
		return ""
	}
	return fmt.Sprintf("path %q: expected a pattern that begins with /, where * is one segment and ** any number", pattern)
}
