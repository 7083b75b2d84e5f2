import { inflateRawSync } from 'node:zlib';

/** Of its bytes those of places, which the third form had not. */
export const placesBytes = 111;

/** A device's state as the fourth form has it, written by the last release of that form: of one who stands in a zone. */
export const fourthForm = inflateRawSync(
  Buffer.from(
    [
      'Y1rFmHvakatBQcT14t49G5nn/lvr4rFgQcq/gE6fO9UhfNLzuLc/fJRhnJH1ga1FlYXjzZvkn684JzGJquyuWFq3pO3JhTvpjY8mne1rPrmg',
      '7cCerOobIV+nzd9/n4mJo4FDnmEUjGjAdGDb/JmrUoGJAc6EUFwJJ07YgAGMJgRI10CqY0nWAPMTwxsmBoZbdpKhlU4gUUYGBoY14VU9XPwh',
      'PVs1X37y2vv8EOPqS8aBk1+Fp0/Kf26dLHfJmIHhgS1EA0QjK9jA1atW2Z09cwaOpW/LGP2wLzbcKX3RclMahyUHzykbRpstW0h2KRbwo56B',
      'Cd1V6M5u+DEP5D8GqD+5OGOuzlFxDjk81XWFT0LW7Z1Ms2aCwEt7CL0TSp+0NwaDy1D+TXue3My8VAdDBqYF/8AmsjzoApkINZfhFmNyVO1J',
      'i4JPqz988fx5fu3kp3qS8jfM6p+tCmHbfJjT+9Vf5uCyjCsp89/+r5j9+M1M423p53/cODvL8vK7NzONy3h8cjotLecYhj9fYdEuM+/VrkPq',
      'iq+/+amVpPLaPzsbM/XUiQMHjjAw+djsnFm5kq+NAQA=',
    ].join(''),
    'base64',
  ),
);
