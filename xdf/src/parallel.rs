//! All threads, or one.
//!
//! With the feature `parallel` these names are rayon's. Without it they are traits of the same names whose iterators
//! are the ordinary ones, so that code that splits work is written once: `use crate::parallel::prelude::*`.

#[cfg(feature = "parallel")]
pub(crate) use rayon::prelude;

/// What the crate uses of rayon's prelude, on the calling thread.
#[cfg(not(feature = "parallel"))]
pub(crate) mod prelude {
    /// `into_par_iter` of ranges and vectors.
    pub(crate) trait IntoParallelIterator: IntoIterator + Sized {
        fn into_par_iter(self) -> Self::IntoIter {
            self.into_iter()
        }
    }

    impl<T: IntoIterator> IntoParallelIterator for T {}

    /// `par_iter` and `par_iter_mut` of slices.
    #[allow(dead_code, reason = "which of the two is used depends on the other features")]
    pub(crate) trait ParallelSlice<T> {
        fn par_iter(&self) -> std::slice::Iter<'_, T>;
        fn par_iter_mut(&mut self) -> std::slice::IterMut<'_, T>;
    }

    impl<T> ParallelSlice<T> for [T] {
        fn par_iter(&self) -> std::slice::Iter<'_, T> {
            self.iter()
        }

        fn par_iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
            self.iter_mut()
        }
    }
}
