/** A port's failures are rejections, also where an adapter has nothing to wait for. */
export const promised = <Result>(compute: () => Result): Promise<Result> =>
  new Promise((resolve) => {
    resolve(compute());
  });
