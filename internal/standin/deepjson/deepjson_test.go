package deepjson_test

import (
	"math"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/deepjson"
)

type owner struct{ name string }

// worded has a JSON of its own, which is passed over.
type worded int64

func (worded) MarshalText() ([]byte, error) { return []byte("word"), nil }

func (*worded) UnmarshalText([]byte) error { return nil }

type inner struct {
	text  string
	Count int
}

type all struct {
	flag     bool
	number   int
	big      int64
	unsigned uint64
	ratio    float64
	lasts    time.Duration
	word     worded
	at, none time.Time
	raw      []byte
	missing  []string
	empty    []string
	rows     []*inner
	byName   map[string]inner
	noMap    map[string]inner
	emptyMap map[string]string
	any      map[string]any
	optional *[]string
	nilPtr   *inner
	owner    *owner
	err      error
	wake     chan struct{}
	do       func()
	inner
}

func TestEverythingComesBackAsItWas(t *testing.T) {
	g := NewWithT(t)
	var none []string
	was, now := &owner{name: "was"}, &owner{name: "now"}
	from := all{
		flag: true, number: -3, big: math.MaxInt64, unsigned: math.MaxUint64, ratio: 0.1, lasts: time.Minute, word: 5,
		at: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), none: time.Time{}, missing: nil, noMap: nil, nilPtr: nil, err: nil, raw: []byte{0, 255}, empty: []string{},
		rows: []*inner{{text: "a", Count: 1}, nil}, byName: map[string]inner{"b": {text: "b"}}, emptyMap: map[string]string{},
		any: map[string]any{
			"nil": nil, "int": 1, "float": 1.0, "texts": []string{"x"}, "list": []any{int64(2), map[string]any{"type": "trap"}},
			"at": time.Unix(1, 0).UTC(), "bools": map[string]bool{"y": true},
		},
		optional: &none, owner: was, wake: make(chan struct{}), do: func() {}, inner: inner{text: "embedded", Count: 7},
	}
	raw, err := deepjson.Marshal(&from, was)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(raw)).NotTo(ContainSubstring("was"))

	var into all
	g.Expect(deepjson.Unmarshal(raw, &into, now)).To(Succeed())
	g.Expect(into.owner).To(BeIdenticalTo(now), "a known value is that of now")
	from.owner, from.wake, from.do = now, nil, nil
	g.Expect(into).To(Equal(from))

	again, err := deepjson.Marshal(&into, now)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).To(Equal(raw))
}

func TestWhatHasNoFormIsRefused(t *testing.T) {
	g := NewWithT(t)
	for _, from := range []any{
		nil, inner{}, (*inner)(nil), new(complex128), &map[int]string{1: "x"}, &map[string]any{"x": inner{}}, &[]float64{math.NaN()},
	} {
		_, err := deepjson.Marshal(from)
		g.Expect(err).To(HaveOccurred(), "%T", from)
	}
}

func TestJSONOfOtherTypesIsRefused(t *testing.T) {
	g := NewWithT(t)
	for _, raw := range []string{
		``, `{`, `{} {}`, `null`, `[]`, `{}`, `{"text":"a"}`, `{"text":1,"Count":1}`, `{"text":"a","Count":"1"}`,
		`{"text":"a","Count":1.5}`, `{"text":"a","Count":1,"more":1}`,
	} {
		g.Expect(deepjson.Unmarshal([]byte(raw), &inner{})).NotTo(Succeed(), raw)
	}
	for _, raw := range []string{`{"x":1}`, `{"x":{"type":"chan int","value":1}}`, `{"x":{"type":"int","value":"1"}}`} {
		g.Expect(deepjson.Unmarshal([]byte(raw), &map[string]any{})).NotTo(Succeed(), raw)
	}
	for _, raw := range []string{`1`, `-1`, `0`, `[]`, `[1,2]`, `"x"`} {
		var to *inner
		g.Expect(deepjson.Unmarshal([]byte(raw), &to, &owner{})).NotTo(Succeed(), raw)
	}
	g.Expect(deepjson.Unmarshal([]byte(`1`), inner{})).NotTo(Succeed())
	g.Expect(deepjson.Unmarshal([]byte(`"%"`), &[]byte{})).NotTo(Succeed())
	g.Expect(deepjson.Unmarshal([]byte(`"monday"`), &time.Time{})).NotTo(Succeed())
	g.Expect(deepjson.Unmarshal([]byte(`{}`), &map[int]string{})).NotTo(Succeed())
}
