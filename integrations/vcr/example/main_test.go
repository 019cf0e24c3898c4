package main

import (
	"bytes"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRunPrintsNoSecret(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, "", "/contacts"); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"recorded, 2 attempts", "played, 2 attempts: map[owner:masked@example.com session_token:masked]", "- masked"} {
		if !bytes.Contains(out.Bytes(), []byte(part)) {
			t.Errorf("no %q in:\n%s", part, out.String())
		}
	}
	_, file, _ := bytes.Cut(out.Bytes(), []byte("---"))
	retrywisetest.NothingLeaked(t, []string{"s3cr3t", "5ca1ab1e", "ana@shop-of-ana.com"}, file)
}
