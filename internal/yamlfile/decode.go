package yamlfile

import (
	"encoding"
	"reflect"
)

// Decode reads data into out, which is a pointer to a struct. name is the name of the file
// in messages. data may have at most 1 MiB.
//
// The keys of a struct are its exported fields with a tag such as `yaml:"vendor"`; the
// type field lists the options of a tag. Fields may be strings, bools, numbers, durations,
// types with UnmarshalText, structs, and slices, maps and pointers of these. A struct with keys
// and UnmarshalText has both forms. A scalar is accepted as a slice with one element. If UnmarshalText returns an [enum.UnknownError],
// the message suggests the nearest known word. A word whose value is zero is accepted only
// for a pointer, because otherwise it would look like an absent key.
//
// The error is of type Problems and has everything that is wrong; out must not be used
// then. Decode is safe for concurrent use.
func Decode(name string, data []byte, out any) error {
	unread, err := Read(name, data, out)
	if err != nil {
		return err
	}
	return unread.Err()
}

// Read is like Decode, for a caller that has further checks and reports all problems at
// once. unread are the problems of the values that could not be read; the other values are
// in out. The error means that nothing could be read.
func Read(name string, data []byte, out any) (unread Problems, err error) {
	start := Pos{File: name, Line: 1, Column: 1}
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, Problems{start.Errorf("cannot read into a %T: it is not a pointer to a struct", out)}
	}
	root, problems := parse(start, data)
	if root.kind == broken {
		return nil, problems.Err()
	}
	d := &decoder{problems: problems}
	d.value(root, v.Elem())
	return d.problems, nil
}

// A decoder reads nodes into Go values and collects what is wrong.
type decoder struct {
	problems Problems
}

// report adds a problem.
func (d *decoder) report(p Problem) {
	d.problems = append(d.problems, p)
}

// expected reports that n has the wrong kind.
func (d *decoder) expected(n *node, want string) {
	d.report(n.pos.Errorf("expected %s; got %s", want, n.got()))
}

// value reads n into v, which is addressable.
func (d *decoder) value(n *node, v reflect.Value) {
	switch {
	case n.kind == broken:
		return
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case isDuration(v.Type()):
		d.duration(n, v)
	case isWord(v.Type()) && (n.kind != mapping || !hasLongForm(v.Type())):
		d.word(n, v)
	case v.Kind() == reflect.Struct:
		d.structure(n, v)
	case v.Kind() == reflect.Map:
		d.table(n, v)
	case v.Kind() == reflect.Slice:
		d.list(n, v)
	default:
		d.scalar(n, v)
	}
}

// hasLongForm reports whether a word of type t may also be written as a mapping: it is a struct
// with keys.
func hasLongForm(t reflect.Type) bool { return t.Kind() == reflect.Struct && len(fieldsOf(t)) > 0 }

// isWord reports whether t or a pointer to it has UnmarshalText.
func isWord(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
