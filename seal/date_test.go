package seal

import (
	"encoding/json"
	"testing"
	"time"
)

func date(t *testing.T, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDateIn(t *testing.T) {
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct{ at, want string }{
		{"2046-12-31T22:59:59Z", "2046-12-31"},
		{"2046-12-31T23:00:00Z", "2047-01-01"}, // midnight in Warsaw
		{"2046-07-31T22:00:00Z", "2046-08-01"}, // summer time
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateIn(at, warsaw).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.at, got, tt.want)
		}
	}
}

func TestDateText(t *testing.T) {
	for _, bad := range []string{"2024-02-30", "2023-02-29", "24-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "0000-01-01", " 2024-01-01"} {
		if d, err := ParseDate(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, d)
		}
	}
	for text, want := range map[string]Date{`"2024-02-29"`: {2024, time.February, 29}, `""`: {}} {
		var d Date
		if err := json.Unmarshal([]byte(text), &d); err != nil || d != want {
			t.Errorf("%s: got %v, %v", text, d, err)
		}
		if back, err := json.Marshal(d); err != nil || string(back) != text {
			t.Errorf("%s: marshals as %s, %v", text, back, err)
		}
	}
}

func TestDateOrder(t *testing.T) {
	days := []string{"0001-01-01", "2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2025-01-01"}
	for i, a := range days {
		for j, b := range days {
			if got, want := date(t, a).Before(date(t, b)), i < j; got != want {
				t.Errorf("%s before %s: got %v", a, b, got)
			}
		}
	}
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{{"2024-02-28", 1, "2024-02-29"}, {"2023-02-28", 1, "2023-03-01"}, {"2023-12-31", 366, "2024-12-31"}, {"2024-01-01", -1, "2023-12-31"}} {
		if got := date(t, tt.from).AddDays(tt.n).String(); got != tt.want {
			t.Errorf("%s + %d days: got %s, want %s", tt.from, tt.n, got, tt.want)
		}
	}
}

func TestUnder2(t *testing.T) {
	for _, tt := range []struct {
		born, served string
		want         bool
	}{
		{"2022-03-02", "2024-03-01", true},
		{"2022-03-01", "2024-03-01", false}, // exactly two years old
		{"2022-03-01", "2024-02-29", true},
		{"2020-02-29", "2022-02-28", true}, // no 29 February: the birthday is 1 March
		{"2020-02-29", "2022-03-01", false},
		{"2022-02-28", "2024-02-28", false},
		{"2021-12-31", "2023-12-31", false},
		{"2022-01-01", "2023-12-31", true},
		{"2024-05-05", "2024-05-05", true}, // born that day
		{"1944-05-14", "2024-05-14", false},
	} {
		if got := Under2(date(t, tt.born), date(t, tt.served)); got != tt.want {
			t.Errorf("born %s, served %s: got %v, want %v", tt.born, tt.served, got, tt.want)
		}
	}
}
