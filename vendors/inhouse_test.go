package vendors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/vendors"
)

// A vendor outside the catalog needs a file and transcripts, and no Go. Each folder of
// testdata/inhouse is one: the file has its name, and every transcript is checked.
func TestParseVendorsOutsideTheCatalog(t *testing.T) {
	folders, err := os.ReadDir("testdata/inhouse")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d vendors, error %v", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) { checkInhouse(t, filepath.Join("testdata/inhouse", folder.Name())) })
	}
}

// checkInhouse checks the vendor in a folder.
func checkInhouse(t *testing.T, folder string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, filepath.Base(folder)+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vendors.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if v.Name() != filepath.Base(folder) {
		t.Errorf("the vendor in %s is called %s", folder, v.Name())
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no transcript (*.http): %v", folder, err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".http"), func(t *testing.T) { checkMeaning(t, v, name) })
	}
}
