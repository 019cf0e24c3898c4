package policy

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// anyDepth is the segment of a pattern that stands for any number of segments, also for none.
const anyDepth = "**"

// matchesPath reports whether a pattern selects an escaped path; see Match.Paths. A segment in
// braces is an asterisk.
func matchesPath(pattern, urlPath string) bool {
	_, ok := alignment(strings.Split(pattern, "/"), strings.Split(urlPath, "/"))
	return ok
}

// valuesOf returns the segments of an escaped path, unescaped, by the names that they have in a
// pattern. It reports whether the pattern selects the path.
func valuesOf(pattern, urlPath string) (values map[string]string, ok bool) {
	patterns, segments := strings.Split(pattern, "/"), strings.Split(urlPath, "/")
	places, ok := alignment(patterns, segments)
	if !ok {
		return nil, false
	}
	values = map[string]string{}
	for i, p := range patterns {
		name, isNamed := segmentName(p)
		if !isNamed {
			continue
		}
		if value, err := url.PathUnescape(segments[places[i]]); err == nil {
			values[name] = value
		}
	}
	return values, true
}

// alignment returns, for each segment of a pattern, the place of the segment that it selects. It
// reports whether the pattern selects all segments.
func alignment(patterns, segments []string) (places []int, ok bool) {
	places = make([]int, len(patterns))
	p, s := 0, 0
	deep, from := -1, 0 // the latest ** and the first segment that it does not stand for
	for s < len(segments) {
		switch {
		case p < len(patterns) && patterns[p] == anyDepth:
			deep, from = p, s
			p++
		case p < len(patterns) && matchesSegment(patterns[p], segments[s]):
			places[p] = s
			p, s = p+1, s+1
		case deep >= 0:
			from++
			p, s = deep+1, from
		default:
			return nil, false
		}
	}
	for p < len(patterns) && patterns[p] == anyDepth {
		p++
	}
	return places, p == len(patterns)
}

func matchesSegment(pattern, segment string) bool {
	if _, isNamed := segmentName(pattern); isNamed {
		return true
	}
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
