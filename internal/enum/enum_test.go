package enum_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/internal/enum"
)

type color uint8

var (
	colors = enum.Set[color]{Kind: "color", Names: []string{"none", "red", "green"}}
	sizes  = enum.Set[color]{Kind: "size", Names: []string{"unknown", "small"}}
)

func TestText(t *testing.T) {
	for v, want := range map[color]string{0: "none", 1: "red", 2: "green", 3: "color(3)", 255: "color(255)"} {
		if got := colors.Text(v); got != want {
			t.Errorf("Text(%d) = %q; want %q", uint8(v), got, want)
		}
	}
}

func TestMarshal(t *testing.T) {
	if text, err := colors.Marshal(2); string(text) != "green" || err != nil {
		t.Errorf("Marshal(2) = %q, %v; want green", text, err)
	}
	const want = "color(3) is not a known color"
	if text, err := colors.Marshal(3); text != nil || err == nil || err.Error() != want {
		t.Errorf("Marshal(3) = %q, %v; want the error %q", text, err, want)
	}
}

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]color{"none": 0, "red": 1, "green": 2} {
		got := color(7)
		if err := colors.Unmarshal(&got, []byte(text)); got != want || err != nil {
			t.Errorf("Unmarshal(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestUnmarshalRefusesAnUnknownWord(t *testing.T) {
	for name, tt := range map[string]struct {
		set  enum.Set[color]
		want enum.UnknownError
	}{
		"none is not offered":       {colors, enum.UnknownError{Kind: "color", Word: "rot", Known: []string{"red", "green"}}},
		"another zero is":           {sizes, enum.UnknownError{Kind: "size", Word: "rot", Known: []string{"unknown", "small"}}},
		"a set without any members": {enum.Set[color]{Kind: "x"}, enum.UnknownError{Kind: "x", Word: "rot"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := color(7)
			unknown, ok := errors.AsType[*enum.UnknownError](tt.set.Unmarshal(&got, []byte("rot")))
			if !ok || got != 7 {
				t.Fatalf("Unmarshal = %v, and the value is %d; want an UnknownError and 7", unknown, got)
			}
			if diff := cmp.Diff(tt.want, *unknown); diff != "" {
				t.Errorf("error mismatch (-want +got):\n%s", diff)
			}
			if want := "unknown " + tt.set.Kind + ` "rot"`; unknown.Error() != want {
				t.Errorf("Error() = %q; want %q", unknown, want)
			}
		})
	}
}
