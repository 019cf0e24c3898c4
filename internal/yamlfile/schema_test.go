package yamlfile

import (
	"fmt"
	"time"

	"github.com/retrywise/retrywise/internal/enum"
)

// class is a word of a closed set, as in package errors.
type class uint8

const (
	none class = iota
	rateLimited
	notFound
	conflict
)

var classes = enum.Set[class]{Kind: "class", Names: []string{
	none: enum.None, rateLimited: "rate_limited", notFound: "not_found", conflict: "conflict",
}}

func (c class) MarshalText() ([]byte, error)  { return classes.Marshal(c) }
func (c *class) UnmarshalText(b []byte) error { return classes.Unmarshal(c, b) }

// even is a word that is not of a closed set. Its errors have two lines.
type even string

func (e *even) UnmarshalText(b []byte) error {
	if len(b)%2 != 0 {
		return fmt.Errorf("%q has an odd length\nsecond line", b)
	}
	*e = even(b)
	return nil
}

// file has keys for all kinds of values.
type file struct {
	Pos
	Vendor   string                   `yaml:"vendor"`
	On       bool                     `yaml:"on"`
	Count    int                      `yaml:"count"`
	Small    int8                     `yaml:"small"`
	Large    int64                    `yaml:"large"`
	Port     uint16                   `yaml:"port"`
	Ratio    float64                  `yaml:"ratio"`
	Wait     time.Duration            `yaml:"wait"`
	Timeout  time.Duration            `yaml:"timeout"`
	Optional *int                     `yaml:"optional"`
	Methods  []string                 `yaml:"methods"`
	Class    class                    `yaml:"class"`
	Classes  []class                  `yaml:"classes"`
	Even     even                     `yaml:"even"`
	Rules    []rule                   `yaml:"rules"`
	Labels   map[string]string        `yaml:"labels"`
	ByName   map[string]rule          `yaml:"by_name"`
	ByClass  map[class]*time.Duration `yaml:"by_class"`
	Deep     *deep                    `yaml:"deep"`
	Anything any                      `yaml:"anything"`
	ByNumber map[int]string           `yaml:"by_number"`
	NoKey    string
	Ignored  string `yaml:"-"`
}

// rule has a required key, and its position in a named field.
type rule struct {
	At   Pos
	Name string `yaml:"name,required"`
	Max  *int   `yaml:"max"`
}

// deep contains itself, for files with too many levels.
type deep struct {
	Deep *deep `yaml:"deep"`
}
