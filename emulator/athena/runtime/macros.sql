-- Trino's semantics where DuckDB's functions differ. A connection gets the macros that its statement uses.

-- Raises Athena's error in place of a value like the sample. DuckDB's own error() is volatile, which TRY refuses; and a cast
-- that fails in the condition of a CASE would be raised while the statement is planned, even if no row reaches it.
CREATE MACRO trino_error(message, sample) AS list_extract([sample], CAST(message AS INTEGER));

-- text ---------------------------------------------------------------------------------------------------------
CREATE MACRO trino_whitespace() AS
  array_to_string(list_transform([9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8200,
                                  8201, 8202, 8232, 8233, 8287, 12288], lambda n: chr(n)), '');
CREATE MACRO trino_concat_ws(separator, parts) AS
  CASE WHEN separator IS NOT NULL AND parts IS NOT NULL THEN coalesce(array_to_string(parts, separator), '') END;
CREATE MACRO trino_substr(s, start) AS
  CASE WHEN start = 0 OR start < -length(s) THEN left(s, 0) ELSE substr(s, start) END;
CREATE MACRO trino_substr_length(s, start, size) AS
  CASE WHEN start IS NULL OR size IS NULL THEN NULL
       WHEN start = 0 OR start < -length(s) OR size <= 0 THEN left(s, 0)
       ELSE substr(s, start, size) END;
CREATE MACRO trino_split_all(s, delimiter) AS
  CASE WHEN delimiter = ''
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string', [s])
       ELSE string_split(s, delimiter) END;
CREATE MACRO trino_split(s, delimiter, parts) AS
  CASE WHEN parts < 1 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Limit must be positive', [s])
       ELSE list_slice(trino_split_all(s, delimiter), 1, parts - 1)
         || CASE WHEN len(string_split(s, delimiter)) >= parts
            THEN [array_to_string(list_slice(string_split(s, delimiter), parts, len(string_split(s, delimiter))), delimiter)]
            ELSE [] END END;
CREATE MACRO trino_split_part(s, delimiter, part) AS
  CASE WHEN part < 1 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero', s)
       WHEN delimiter = '' THEN nullif(substr(s, part, 1), '')
       WHEN part <= len(string_split(s, delimiter)) THEN split_part(s, delimiter, part) END;
CREATE MACRO trino_split_to_map(s, entries, pair) AS
  CASE WHEN entries = '' THEN trino_error('INVALID_FUNCTION_ARGUMENT: entryDelimiter is empty', MAP {s: s})
       WHEN pair = '' THEN trino_error('INVALID_FUNCTION_ARGUMENT: keyValueDelimiter is empty', MAP {s: s})
       WHEN entries = pair
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: entryDelimiter and keyValueDelimiter must not be the same', MAP {s: s})
       WHEN s = '' THEN trino_pair_map(list_slice([s], 1, 0), pair)
       WHEN ends_with(s, entries) THEN trino_pairs(string_split(left(s, length(s) - length(entries)), entries), pair)
       ELSE trino_pairs(string_split(s, entries), pair) END;
CREATE MACRO trino_pairs(parts, pair) AS
  trino_pair_map(list_transform(parts, lambda e: CASE WHEN len(string_split(e, pair)) = 2 THEN e
    ELSE trino_error('INVALID_FUNCTION_ARGUMENT: Key-value delimiter must appear exactly once in each entry. Bad input: '''
                     || e || '''', e) END), pair);
CREATE MACRO trino_pair_map(parts, pair) AS
  map_from_entries(list_transform(parts, lambda e: row(split_part(e, pair, 1), split_part(e, pair, 2))));
-- Trino counts code points. DuckDB's functions count bytes or graphemes, and give the sharp s another capital letter.
CREATE MACRO trino_points(s) AS string_split(s, '');
CREATE MACRO trino_reverse(s) AS array_to_string(list_reverse(trino_points(s)), '');
CREATE MACRO trino_upper(s) AS
  CASE WHEN contains(s, 'ß') THEN array_to_string(list_transform(string_split(s, 'ß'), lambda part: upper(part)), 'ß')
       ELSE upper(s) END;
CREATE MACRO trino_replace(s, search, replacement) AS
  CASE WHEN search <> '' THEN replace(s, search, replacement)
       WHEN search = '' AND s = '' THEN replacement
       WHEN search = '' THEN replacement || array_to_string(trino_points(s), replacement) || replacement END;
CREATE MACRO trino_chr(n) AS
  CASE WHEN n < 0 OR n > 1114111 OR n BETWEEN 55296 AND 57343
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Not a valid Unicode code point: ' || n, '')
       ELSE chr(CAST(n AS INTEGER)) END;
CREATE MACRO trino_codepoint(s) AS
  CASE WHEN length(s) <> 1 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Input string must be a single character string', 0)
       ELSE unicode(s) END;
-- the text with a character of one byte for each code point, for functions that count bytes
CREATE MACRO trino_bytes(s, alphabet) AS
  CASE WHEN len(alphabet) > 126
       THEN trino_error('NOT_SUPPORTED: levenshtein_distance of texts with more than 126 different characters', s)
       ELSE translate(s, array_to_string(alphabet, ''),
                      array_to_string(list_transform(range(1, 127), lambda n: chr(CAST(n AS INTEGER))), '')) END;
CREATE MACRO trino_levenshtein(a, b) AS
  CASE WHEN octet_length(encode(a || b)) = length(a || b) THEN levenshtein(a, b)
       ELSE levenshtein(trino_bytes(a, list_distinct(trino_points(a || b))),
                        trino_bytes(b, list_distinct(trino_points(a || b)))) END;
CREATE MACRO trino_hamming(a, b) AS
  CASE WHEN length(a) <> length(b)
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have the same length', 0)
       WHEN a IS NOT NULL AND b IS NOT NULL
       THEN len(list_filter(list_zip(trino_points(a), trino_points(b)),
                            lambda p: struct_extract_at(p, 1) <> struct_extract_at(p, 2))) END;
-- the value of the first parameter of this name; empty if the parameter has no value
CREATE MACRO trino_url_parameter(url, name) AS
  url_decode(trino_url_value(list_extract(list_filter(string_split(regexp_extract(url, '^[^?#]*[?]([^#]*)', 1), '&'),
                                                      lambda p: split_part(p, '=', 1) = name), 1)));
CREATE MACRO trino_url_value(p) AS CASE WHEN contains(p, '=') THEN substr(p, strpos(p, '=') + 1) ELSE left(p, 0) END;
-- NULL for a group that the match does not have; DuckDB's regexp_extract returns an empty text for it
CREATE MACRO trino_regexp_extract(s, pattern, part) AS
  CASE WHEN part < 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Group cannot be negative', s)
       ELSE list_extract(regexp_extract_all(s, pattern, CAST(part AS INTEGER)), 1) END;
-- After a match, DuckDB finds no empty one at its end.
CREATE MACRO trino_regexp_replace(s, pattern, replacement) AS
  CASE WHEN replacement <> '' AND pattern NOT IN ('^', '$', '\b') AND regexp_matches('', pattern)
       THEN trino_error('NOT_SUPPORTED: regexp_replace of empty matches by a text is not in the emulator''s engine: ' || pattern, s)
       ELSE regexp_replace(s, pattern, replacement, 'g') END;
CREATE MACRO trino_regexp_split(s, pattern) AS
  CASE WHEN regexp_matches('', pattern)
       THEN trino_error('NOT_SUPPORTED: regexp_split at empty matches is not in the emulator''s engine: ' || pattern, [s])
       ELSE string_split_regex(s, pattern) END;
-- Trino's replacement as DuckDB writes it: $1 as \1, and the character after a backslash as it is
CREATE MACRO trino_replacement(r) AS
  CASE WHEN NOT regexp_full_match(r, '(?s)([^\\$]|\\.|\$[0-9{])*')
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: ' || r, r)
       WHEN regexp_full_match(r, '(?s)([^\\$]|\\.|\$[0-9])*\$([0-9][0-9]|\{).*')
       THEN trino_error('NOT_SUPPORTED: regexp_replace by a group with a name or several digits, with a replacement or pattern '
                        || 'that is not a literal: ' || r, r)
       ELSE array_to_string(list_transform(regexp_extract_all(r, '(?s)\\.|\$[0-9]|[^\\$]+'), lambda part:
         CASE left(part, 1) WHEN '\' THEN replace(substr(part, 2), '\', '\\') WHEN '$' THEN '\' || substr(part, 2)
                            ELSE part END), '') END;

-- numbers ------------------------------------------------------------------------------------------------------
CREATE MACRO trino_ten(n) AS CAST('1' || repeat('0', n) AS HUGEINT);
CREATE MACRO trino_unscaled(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT);
-- n / d, rounded half away from zero, exactly
CREATE MACRO trino_ratio(n, d) AS
  CAST(sign(n) * sign(d) AS HUGEINT) * ((2 * abs(n) + abs(d)) // (2 * abs(d)));
CREATE MACRO trino_scaled(x, scale) AS
  CASE WHEN x < 0 THEN '-' ELSE '' END || CAST(abs(x) // trino_ten(scale) AS VARCHAR)
  || CASE WHEN scale > 0 THEN '.' || lpad(CAST(abs(x) % trino_ten(scale) AS VARCHAR), scale, '0') ELSE '' END;
-- a / b of decimals with scales s1 and s2, as the text of a decimal with this scale
CREATE MACRO trino_divide(a, b, s1, s2, scale) AS
  CASE WHEN b = 0 THEN trino_error('DIVISION_BY_ZERO: Division by zero', '')
       ELSE trino_scaled(trino_ratio(trino_unscaled(a) * trino_ten(scale + s2 - s1), trino_unscaled(b)), scale) END;
CREATE MACRO trino_sign(x) AS CASE WHEN isnan(x) THEN x ELSE CAST(sign(x) AS REAL) END;
CREATE MACRO trino_to_base(n, radix) AS
  CASE WHEN n < 0 THEN '-' || lower(to_base(CAST(-n AS BIGINT), radix)) ELSE lower(to_base(n, radix)) END;
CREATE MACRO trino_mod(a, b) AS
  CASE WHEN b = 0 THEN trino_error('DIVISION_BY_ZERO: Division by zero', a % b) ELSE a % b END;
-- DuckDB's cube root of 27 is 3.0000000000000004: one more step of Newton's method
CREATE MACRO trino_cbrt(x) AS
  CASE WHEN x = 0 OR isinf(x) OR isnan(x) THEN x
       ELSE cbrt(x) - (cbrt(x) * cbrt(x) * cbrt(x) - x) / (3 * cbrt(x) * cbrt(x)) END;
CREATE MACRO trino_width_bucket(x, low, high, n) AS
  CASE WHEN low < high THEN CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1
         ELSE CAST(floor((x - low) / (high - low) * n) AS BIGINT) + 1 END
       ELSE CASE WHEN x > low THEN 0 WHEN x <= high THEN n + 1
         ELSE CAST(floor((low - x) / (low - high) * n) AS BIGINT) + 1 END END;
CREATE MACRO trino_bit_count(x, bits) AS
  CASE WHEN bits < 2 OR bits > 64
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Bits specified in bit_count must be between 2 and 64, got ' || bits, x)
       WHEN bits < 64 AND CAST(x AS HUGEINT) NOT BETWEEN -trino_two(bits - 1) AND trino_two(bits - 1) - 1
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Number must be representable with the bits specified. ' || x
                        || ' cannot be represented with ' || bits || ' bits', x)
       ELSE bit_count(CAST(x AS BIGINT)) - CASE WHEN x < 0 THEN 64 - bits ELSE 0 END END;
CREATE MACRO trino_two(n) AS CAST(pow(2, n) AS HUGEINT);
CREATE MACRO trino_random(low, high, message) AS
  CASE WHEN low >= high THEN trino_error('INVALID_FUNCTION_ARGUMENT: ' || message, low)
       ELSE low + CAST(floor(random() * (high - low)) AS BIGINT) END;
-- x rounded to 10 ** places
CREATE MACRO trino_round_places(x, places, largest) AS
  CASE WHEN places IS NULL THEN NULL
       WHEN places <= 0 THEN x
       WHEN places > 18
       THEN trino_error('NUMERIC_VALUE_OUT_OF_RANGE: numerical overflow: ' || x, x)
       ELSE trino_at_most(sign(x) * trino_ten(least(places, 18))
              * ((abs(CAST(x AS HUGEINT)) + trino_ten(least(places, 18)) // 2) // trino_ten(least(places, 18))), largest, x) END;
CREATE MACRO trino_at_most(n, largest, x) AS
  CASE WHEN abs(n) > largest THEN trino_error('NUMERIC_VALUE_OUT_OF_RANGE: numerical overflow: ' || x, n) ELSE n END;
-- the text of an unscaled decimal without the digits after so many places
CREATE MACRO trino_truncate(x, places, scale) AS
  trino_scaled(CASE WHEN places >= scale THEN x WHEN places < scale - 38 THEN 0
                    ELSE x - x % trino_ten(greatest(scale - places, 0)) END, scale);
CREATE MACRO trino_offset(n) AS
  CASE WHEN n IS NULL THEN trino_error('INVALID_FUNCTION_ARGUMENT: Offset must not be null', 0)
       WHEN n < 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Offset must be at least 0', 0) ELSE n END;

-- texts of numbers as Java writes them: 1.0E7 from ten million on, 1.0E-4 below a thousandth ----------------------
CREATE MACRO trino_mantissa(digits) AS
  digits[1] || '.' || CASE WHEN length(rtrim(digits[2:], '0')) = 0 THEN '0' ELSE rtrim(digits[2:], '0') END;
CREATE MACRO trino_scientific(s) AS
  CASE WHEN contains(s, 'e') THEN split_part(s, 'e', 1) || CASE WHEN contains(s, '.') THEN '' ELSE '.0' END
         || 'E' || CAST(CAST(split_part(s, 'e', 2) AS INTEGER) AS VARCHAR)
       WHEN starts_with(s, '0.') THEN trino_mantissa(ltrim(s[3:], '0'))
         || 'E-' || CAST(length(s) - 1 - length(ltrim(s[3:], '0')) AS VARCHAR)
       ELSE trino_mantissa(replace(s, '.', '')) || 'E' || CAST(strpos(s, '.') - 2 AS VARCHAR) END;
-- For the smallest numbers Java writes two digits, where one would do: 4.9E-324.
CREATE MACRO trino_double_text(x) AS
  CASE WHEN isnan(x) THEN 'NaN'
       WHEN x <> 0 AND abs(x) < CASE typeof(x) WHEN 'FLOAT' THEN 1e-43 ELSE 1e-321 END
       THEN trino_error('NOT_SUPPORTED: the text of a number below 1e-321 (real: 1e-43) is not in the emulator''s engine', '')
       WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
       WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN CAST(x AS VARCHAR)
       ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_scientific(CAST(abs(x) AS VARCHAR)) END;
-- A cast to varchar has always an exponent, as in Trino: 1.0E0; and zero has no fraction.
CREATE MACRO trino_scientific_text(x) AS
  CASE WHEN isnan(x) OR isinf(x) THEN trino_double_text(x)
       WHEN x = 0 THEN CASE WHEN starts_with(CAST(x AS VARCHAR), '-') THEN '-0E0' ELSE '0E0' END
       WHEN abs(x) < 1e-37 AND trino_double_text(x) IS NULL THEN NULL
       ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_scientific(CAST(trino_seven_digits(abs(x)) AS VARCHAR)) END;
-- A real has seven digits in a cast to varchar, and up to nine in results.
CREATE MACRO trino_seven_digits(x) AS
  CASE typeof(x) WHEN 'FLOAT' THEN CAST(printf('%.6e', CAST(x AS DOUBLE)) AS DOUBLE) ELSE x END;
CREATE MACRO trino_short(s, size) AS
  CASE WHEN length(s) > size
       THEN trino_error('INVALID_CAST_ARGUMENT: Value ' || s || ' cannot be represented as varchar(' || size || ')', s)
       ELSE s END;
CREATE MACRO trino_short_or_null(s, size) AS CASE WHEN length(s) <= size THEN s END;

-- casts of text ------------------------------------------------------------------------------------------------
-- the text if Trino reads it as such a value, else NULL
CREATE MACRO trino_integer_text(s) AS CASE WHEN regexp_full_match(s, '[+-]?[0-9]+') THEN s END;
CREATE MACRO trino_decimal_text(s) AS
  CASE WHEN regexp_full_match(s, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') THEN s END;
CREATE MACRO trino_double_text_in(s) AS
  CASE WHEN regexp_full_match(trim(s), '[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)') THEN trim(s) END;
CREATE MACRO trino_boolean_text(s) AS CASE WHEN lower(s) IN ('t', 'true', 'f', 'false', '1', '0') THEN s END;
CREATE MACRO trino_date_text(s) AS
  CASE WHEN regexp_full_match(trim(s), '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}') THEN trim(s) END;
CREATE MACRO trino_timestamp_text(s) AS
  CASE WHEN regexp_full_match(s, '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,12})?)?)?') THEN s END;
CREATE MACRO trino_time_text(s) AS
  CASE WHEN regexp_full_match(s, '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,12})?)?') THEN s END;
CREATE MACRO trino_instant_text(s) AS
  CASE WHEN regexp_full_match(s, '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?')
       THEN s || ' UTC'
       WHEN regexp_full_match(s, '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)? ?(UTC|Z|[+-]00:00)')
       THEN regexp_replace(s, ' ?(UTC|Z|[+-]00:00)$', ' UTC')
       WHEN regexp_full_match(s, '[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:.*')
       THEN trino_error('NOT_SUPPORTED: a timestamp of another zone than UTC that is not a literal: ' || s, s) END;
-- the value, or Athena's error if the text is not NULL and the value is
CREATE MACRO trino_strict(s, value, type) AS
  CASE WHEN s IS NOT NULL AND value IS NULL
       THEN trino_error('INVALID_CAST_ARGUMENT: Cannot cast ''' || s || ''' to ' || type, value) ELSE value END;
CREATE MACRO trino_date(s) AS trino_strict(s, TRY_CAST(trino_date_text(s) AS DATE), 'date');
-- the text if it fits into so many characters; blanks at its end do not count
CREATE MACRO trino_fitting(s, size, types) AS
  CASE WHEN length(rtrim(s, ' ')) > size
       THEN trino_error('INVALID_CAST_ARGUMENT: Cannot truncate non-space characters when casting from ' || types
                        || ' on INSERT', s)
       ELSE substr(s, 1, size) END;

-- time ---------------------------------------------------------------------------------------------------------
CREATE MACRO trino_year(t) AS
  CASE WHEN year(t) > 9999 THEN '+' || year(t) WHEN year(t) < 0 THEN '-' || lpad(CAST(-year(t) AS VARCHAR), 4, '0')
       ELSE lpad(CAST(year(t) AS VARCHAR), 4, '0') END;
CREATE MACRO trino_day(t) AS trino_year(t) || strftime(t, '-%m-%d');
CREATE MACRO trino_now() AS date_trunc('millisecond', now());
-- DuckDB's // rounds to zero, so before 1970 too the remainder is taken from the value: half a unit rounds up.
CREATE MACRO trino_floor_to(x, unit) AS x - ((x % unit) + unit) % unit;
CREATE MACRO trino_round_time(t, microseconds) AS
  make_timestamp(CAST(trino_floor_to(epoch_us(t) + microseconds // 2, microseconds) AS BIGINT));
-- The fraction of a text, which may have 12 digits, in microseconds rounded to a number of picoseconds.
CREATE MACRO trino_fraction(s, picoseconds) AS
  to_microseconds(trino_floor_to(CAST(rpad(regexp_extract(s, '\.([0-9]+)', 1), 12, '0') AS BIGINT) + picoseconds // 2,
                                 picoseconds) // 1000000);
CREATE MACRO trino_whole_days(i, verb) AS
  CASE WHEN epoch(i) % 86400 <> 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT: Cannot ' || verb || ' a date', i) ELSE i END;
CREATE MACRO trino_from_unixtime(seconds) AS
  to_timestamp(0) + to_milliseconds(CAST(floor(seconds * 1000 + 0.5) AS BIGINT));
-- When clocks are set back, a wall clock shows a time twice; Trino takes the first, DuckDB the second.
CREATE MACRO trino_instant(wall, zone) AS
  CASE WHEN ((wall AT TIME ZONE zone) - INTERVAL '1' HOUR) AT TIME ZONE zone = wall
       THEN (wall AT TIME ZONE zone) - INTERVAL '1' HOUR
       WHEN ((wall AT TIME ZONE zone) - INTERVAL '30' MINUTE) AT TIME ZONE zone = wall
       THEN (wall AT TIME ZONE zone) - INTERVAL '30' MINUTE
       ELSE wall AT TIME ZONE zone END;
-- Units below a day are those of absolute time, units from a day on those of the zone's calendar.
CREATE MACRO trino_is_clock_unit(unit) AS lower(unit) IN ('millisecond', 'second', 'minute', 'hour');
CREATE MACRO trino_offset_text(i, separator) AS
  CASE WHEN epoch(i) < 0 THEN '-' ELSE '+' END || lpad(CAST(CAST(abs(epoch(i)) AS BIGINT) // 3600 AS VARCHAR), 2, '0')
  || separator || lpad(CAST(CAST(abs(epoch(i)) AS BIGINT) % 3600 // 60 AS VARCHAR), 2, '0');
CREATE MACRO trino_iso8601(s) AS
  CASE WHEN regexp_full_match(s, '.*T.*[+-][0-9]{2}(:?[0-9]{2})?') AND NOT regexp_full_match(s, '.*[+-]00(:?00)?')
       THEN trino_error('NOT_SUPPORTED: the wall clock of a timestamp with an offset of its own: ' || s
                  || '; put it into a zone: from_iso8601_timestamp(...) AT TIME ZONE ''UTC''', now())
       ELSE trino_iso8601_instant(s) END;
CREATE MACRO trino_iso8601_instant(s) AS
  trino_strict(s, TRY_CAST(CASE WHEN regexp_full_match(s, '.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)') AND contains(s, 'T')
    THEN s WHEN contains(s, 'T') THEN s || 'Z' ELSE s || 'T00:00Z' END AS TIMESTAMP WITH TIME ZONE), 'timestamp with time zone');
CREATE MACRO trino_interval_text(i) AS
  CASE WHEN epoch(i) < 0 THEN '-' ELSE '' END || CAST(abs(CAST(round(epoch(i) * 1000) AS BIGINT)) // 86400000 AS VARCHAR)
  || ' ' || strftime(make_timestamp(abs(CAST(round(epoch(i) * 1000) AS BIGINT)) % 86400000 * 1000), '%H:%M:%S.%g');
CREATE MACRO trino_months_text(i) AS
  CASE WHEN datepart('year', i) < 0 OR datepart('month', i) < 0 THEN '-' ELSE '' END
  || CAST(abs(datepart('year', i)) AS VARCHAR) || '-' || CAST(abs(datepart('month', i)) AS VARCHAR);

-- arrays and maps ----------------------------------------------------------------------------------------------
CREATE MACRO trino_subscript(a, i) AS
  CASE WHEN i < 1 THEN trino_error('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1', list_extract(a, i))
       WHEN i > len(a) THEN trino_error('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: '
                                  || i || ' > ' || len(a), list_extract(a, i))
       ELSE list_extract(a, i) END;
CREATE MACRO trino_map_value(m, k) AS
  CASE WHEN m IS NOT NULL AND NOT list_contains(map_keys(m), k)
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k, m[k]) ELSE m[k] END;
CREATE MACRO trino_has_null(a) AS len(list_filter(a, lambda e: e IS NULL)) > 0;
CREATE MACRO trino_contains(a, x) AS
  CASE WHEN a IS NULL OR x IS NULL THEN NULL
       WHEN list_contains(a, x) THEN true WHEN trino_has_null(a) THEN NULL ELSE false END;
CREATE MACRO trino_position(a, x) AS
  CASE WHEN a IS NOT NULL AND x IS NOT NULL THEN coalesce(CAST(list_position(a, x) AS BIGINT), 0) END;
CREATE MACRO trino_remove(a, x) AS CASE WHEN x IS NOT NULL THEN list_filter(a, lambda e: coalesce(e <> x, true)) END;
-- the same for elements that are compared by parts; `matches` has 2 for an element that is found, 1 if that is unknown,
-- 3 for NULL, else 0
CREATE MACRO trino_unsettled(name, sample) AS
  trino_error('NOT_SUPPORTED: ' || name || ' does not support arrays with elements that are null or contain null', sample);
CREATE MACRO trino_settled(matches, name) AS
  CASE WHEN list_extract(list_filter(matches, lambda m: m IN (1, 2)), 1) = 1 THEN trino_unsettled(name, matches)
       ELSE matches END;
CREATE MACRO trino_known(equal, name) AS coalesce(equal, trino_unsettled(name, true));
CREATE MACRO trino_is_found(matches) AS
  trino_any(list_transform(matches, lambda m: CASE m WHEN 2 THEN true WHEN 0 THEN false END));
CREATE MACRO trino_found_at(matches) AS
  CASE WHEN matches IS NOT NULL THEN coalesce(CAST(list_position(matches, 2) AS BIGINT), 0) END;
CREATE MACRO trino_any(a) AS
  CASE WHEN a IS NULL THEN NULL WHEN list_contains(a, true) THEN true WHEN trino_has_null(a) THEN NULL ELSE false END;
CREATE MACRO trino_all(a) AS
  CASE WHEN a IS NULL THEN NULL WHEN list_contains(a, false) THEN false WHEN trino_has_null(a) THEN NULL ELSE true END;
-- sets of elements, in which NULL is an element like another
CREATE MACRO trino_distinct(a) AS list_filter(a, lambda e, i: list_position(a, e) = i);
CREATE MACRO trino_among(a, b) AS list_filter(trino_distinct(a), lambda e: list_position(b, e) IS NOT NULL);
CREATE MACRO trino_union(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN trino_distinct(list_concat(a, b)) END;
CREATE MACRO trino_intersect(a, b) AS
  CASE WHEN len(a) >= len(b) THEN trino_among(a, b) WHEN len(a) < len(b) THEN trino_among(b, a) END;
CREATE MACRO trino_except(a, b) AS
  CASE WHEN b IS NOT NULL THEN list_filter(trino_distinct(a), lambda e: list_position(b, e) IS NULL) END;
CREATE MACRO trino_overlap(a, b) AS
  CASE WHEN a IS NULL OR b IS NULL THEN NULL
       WHEN len(a) = 0 OR len(b) = 0 THEN false
       WHEN len(list_filter(trino_among(a, b), lambda e: e IS NOT NULL)) > 0 THEN true
       WHEN trino_has_null(a) OR trino_has_null(b) THEN NULL ELSE false END;
CREATE MACRO trino_zip(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN list_zip(a, b) END;
-- the map of entries; of entries with the same key the first counts, and entries whose key is NULL do not
CREATE MACRO trino_map_of(entries) AS
  CASE WHEN len(list_distinct(trino_keys(entries))) = len(entries) THEN map_from_entries(entries)
       WHEN len(list_distinct(trino_keys(entries))) > 0
       THEN map_from_entries(list_filter(entries, lambda e, i: struct_extract_at(e, 1) IS NOT NULL
                                         AND list_position(trino_keys(entries), struct_extract_at(e, 1)) = i)) END;
CREATE MACRO trino_keys(entries) AS list_transform(entries, lambda e: struct_extract_at(e, 1));
-- AND of booleans, in one pass over an expression that is written once
CREATE MACRO trino_and(a) AS
  nullif(coalesce(list_min(list_transform(a, lambda e: coalesce(CAST(e AS INTEGER) * 2, 1))), 2), 1) = 2;
-- the first of -1, 1 and NULL in a list, else 0
CREATE MACRO trino_first(a) AS
  list_extract(list_filter(list_append(a, 2), lambda e: e IS DISTINCT FROM 0), 1) % 2;
CREATE MACRO trino_ordered(o, kind) AS
  coalesce(o, trino_error('NOT_SUPPORTED: ' || kind || ' comparison not supported for '
                    || CASE kind WHEN 'ROW' THEN 'fields' ELSE 'arrays' END || ' with null elements', 0));
CREATE MACRO trino_array_max(a) AS CASE WHEN NOT trino_has_null(a) THEN list_max(a) END;
CREATE MACRO trino_array_min(a) AS CASE WHEN NOT trino_has_null(a) THEN list_min(a) END;
CREATE MACRO trino_slice(a, start, size) AS
  CASE WHEN start = 0 THEN trino_error('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1', a)
       WHEN start > 0 THEN list_slice(a, start, start + size - 1)
       WHEN -start > len(a) THEN list_slice(a, 1, 0)
       ELSE list_slice(a, len(a) + start + 1, len(a) + start + size) END;
CREATE MACRO trino_series(a, b, step) AS
  CASE WHEN len(generate_series(a, b, step)) > 10000
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries',
                        generate_series(a, b, step))
       WHEN len(generate_series(a, b, step)) = 0
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if step '
                        || 'is greater than zero otherwise stop should be less than or equal to start', generate_series(a, b, step))
       ELSE generate_series(a, b, step) END;
CREATE MACRO trino_sequence(a, b) AS trino_series(a, b, CASE WHEN b >= a THEN 1 ELSE -1 END);

-- JSON ---------------------------------------------------------------------------------------------------------
CREATE MACRO trino_json_parse(s) AS
  CASE WHEN s IS NOT NULL AND trino_json_canonical(s) IS NULL
       THEN trino_error('INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: ''' || s || '''', json('null'))
       ELSE CAST(trino_json_canonical(s) AS JSON) END;
-- A text as JSON; DuckDB does not escape characters beyond U+FFFF.
CREATE MACRO trino_json_quoted(s) AS
  CASE WHEN regexp_matches(s, '[\x{10000}-\x{10FFFF}]') THEN trino_json_canonical(to_json(s))
       ELSE CAST(to_json(s) AS VARCHAR) END;
CREATE MACRO trino_json_extract(j, p) AS CAST(trino_json_value(j, p) AS JSON);
-- An element as the text that it is, which for texts is no JSON: Trino's own manual warns of it.
CREATE MACRO trino_json_array_get(j, i) AS
  CASE WHEN trino_json_varchar(trino_json_value(j, '$[' || trino_json_position(j, i) || ']')) IS NOT NULL
       THEN trino_json_scalar(j, '$[' || trino_json_position(j, i) || ']')
       ELSE nullif(trino_json_value(j, '$[' || trino_json_position(j, i) || ']'), 'null') END;
CREATE MACRO trino_json_position(j, i) AS CASE WHEN i < 0 THEN trino_json_length(j) + i ELSE i END;
CREATE MACRO trino_json_to_text(j) AS
  CASE WHEN json_type(j) IN ('ARRAY', 'OBJECT')
       THEN trino_error('INVALID_CAST_ARGUMENT: Cannot cast ''' || CAST(j AS VARCHAR) || ''' to varchar', '')
       ELSE trino_json_varchar(j) END;
CREATE MACRO trino_json_length(j) AS
  CASE WHEN trino_json_canonical(j) IS NULL THEN NULL
       WHEN json_type(CAST(j AS VARCHAR)) = 'ARRAY' THEN CAST(json_array_length(CAST(j AS VARCHAR)) AS BIGINT) END;
CREATE MACRO trino_json_size(j) AS
  CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT)
       WHEN json_type(j) = 'OBJECT' THEN CAST(len(json_keys(j)) AS BIGINT)
       WHEN j IS NOT NULL THEN 0 END;

-- files of Hive tables -----------------------------------------------------------------------------------------
CREATE MACRO trino_bad_data(s, value, field) AS
  CASE WHEN s IS NOT NULL AND value IS NULL
       THEN trino_error('HIVE_BAD_DATA: Error parsing field value ''' || s || ''' for field ' || field, value) ELSE value END;
CREATE MACRO trino_json_line(s, lenient) AS
  CASE WHEN coalesce(trim(s), '') = '' THEN NULL
       WHEN json_valid(s) THEN CAST(s AS JSON)
       WHEN lenient THEN json('{}')
       ELSE trino_error('HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: ' || s, json('null')) END;
CREATE MACRO trino_json_member(j, name) AS
  coalesce(json_extract(j, '$."' || name || '"'),
           json_extract(j, '$."' || list_filter(json_keys(j), lambda k: lower(k) = lower(name))[1] || '"'));
