package yamlfile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPosString(t *testing.T) {
	for name, tt := range map[string]struct {
		pos  Pos
		want string
	}{
		"all":     {Pos{File: "policies.yaml", Line: 14, Column: 3}, "policies.yaml:14:3"},
		"no file": {Pos{Line: 14, Column: 3}, "14:3"},
		"no line": {Pos{File: "policies.yaml"}, "policies.yaml"},
		"zero":    {Pos{}, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.pos.String(); got != tt.want {
				t.Errorf("String = %q; want %q", got, tt.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	b, a := at(10, 1).Errorf("vendor %q is here twice", "x"), at(9, 2).Errorf("first")
	problems := Problems{b, a}
	want := "f.yaml:9:2: first\nf.yaml:10:1: vendor \"x\" is here twice"
	if got := problems.Error(); got != want {
		t.Errorf("Error = %q; want %q", got, want)
	}
	if diff := cmp.Diff([]error{a, b}, problems.Unwrap()); diff != "" {
		t.Errorf("Unwrap mismatch (-want +got):\n%s", diff)
	}
	if got, ok := errors.AsType[Problem](problems.Err()); !ok || got != a {
		t.Errorf("AsType[Problem] = %v, %t; want the first", got, ok)
	}
	if diff := cmp.Diff(Problems{b, a}, problems); diff != "" {
		t.Errorf("the problems were changed (-want +got):\n%s", diff)
	}
}

func TestNoProblems(t *testing.T) {
	if err := (Problems)(nil).Err(); err != nil {
		t.Errorf("Err of no problems = %v; want nil", err)
	}
	if got := (Problems)(nil).Error(); got != "" {
		t.Errorf("Error of no problems = %q; want none", got)
	}
}

func TestProblemsReport(t *testing.T) {
	var problems Problems
	problems.Report(at(1, 1), "%d is odd", 3)
	problems.ReportAll(at(2, 1), []string{"100%", "b"})
	seen := map[string]Pos{}
	for line := range 3 {
		problems.ReportDuplicate(seen, at(line+3, 1), `limit "a"`)
	}
	const want = "f.yaml:1:1: 3 is odd\nf.yaml:2:1: 100%\nf.yaml:2:1: b\n" +
		"f.yaml:4:1: duplicate limit \"a\"; the first is at line 3\nf.yaml:5:1: duplicate limit \"a\"; the first is at line 4"
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems mismatch (-want +got):\n%s", diff)
	}
}

// A later problem on a line that could not be read is left out.
func TestProblemsAfter(t *testing.T) {
	unread := Problems{at(2, 5).Errorf("unread")}
	later := Problems{at(1, 1).Errorf("before"), at(2, 1).Errorf("on the same line"), at(3, 1).Errorf("behind")}
	want := Problems{unread[0], later[0], later[2]}
	if diff := cmp.Diff(want, unread.After(later)); diff != "" {
		t.Errorf("After mismatch (-want +got):\n%s", diff)
	}
	if len(unread) != 1 || len(later) != 3 {
		t.Error("After changed its receiver or its argument")
	}
}
