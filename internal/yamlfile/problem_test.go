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
