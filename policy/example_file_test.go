package policy_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/retrywise/retrywise/policy"
)

// writeFile writes an operator's file for the examples.
func writeFile(text string) (name string, remove func()) {
	dir, err := os.MkdirTemp("", "policies")
	if err != nil {
		panic(err)
	}
	name = filepath.Join(dir, "policies.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return name, func() { _ = os.RemoveAll(dir) }
}

// An operator's file changes what one deployment does.
func ExampleFile_Apply() {
	name, remove := writeFile(`
vendors:
  shop:
    retry: {max_attempts: 6, max_wait: 30s}
    rules:
      - {when: {status: 409}, action: retry}
`)
	defer remove()

	file, err := policy.ReadFile(name, "shop", "store") // with vendors.Names() in a real program
	if err != nil {
		fmt.Println(err)
		return
	}
	documented, err := policy.New(policy.Settings{Name: "shop"}) // vendors.Lookup("shop") in a real program
	if err != nil {
		fmt.Println(err)
		return
	}
	effective, err := file.Apply(documented)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(effective)
	d := effective.Decide(policy.Failure{Status: 409}, policy.State{Method: "PUT", Attempts: 5})
	fmt.Println(d.Class, "→", d.Action, "by", d.Rule)
	// Output:
	// shop: 1 rule, 0 limits, 0 endpoints, 6 attempts
	// conflict → retry by policies.yaml:6 status 409
}

// All problems of a file are reported at once, each with its place and the nearest word.
func ExampleReadFile() {
	name, remove := writeFile(`
vendors:
  shopp:
    retry: {max_attempts: 0}
    rules:
      - {when: {code: TAKEN}, acton: accept}
`)
	defer remove()

	_, err := policy.ReadFile(name, "shop", "store")
	for _, problem := range err.(interface{ Unwrap() []error }).Unwrap() { //nolint:forcetypeassert // it is a list
		fmt.Println(problem.Error()[len(filepath.Dir(name))+1:])
	}
	// Output:
	// policies.yaml:3:3: unknown vendor "shopp"; did you mean "shop"?
	// policies.yaml:4:27: max_attempts: expected a number above zero; got 0
	// policies.yaml:6:31: unknown key "acton"; did you mean "action"?
}
